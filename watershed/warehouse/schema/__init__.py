"""What tables, marts and views are, and how the lake's follow what is declared."""
