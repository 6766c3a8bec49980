"""What generators of data are made of: clocks, lines, dirt, the truth about both, and a producer of messages."""
