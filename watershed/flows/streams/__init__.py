"""Streams: consumers without end, who reads what, how they are, and their comparison with the raw messages."""
