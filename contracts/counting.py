"""How many there are of something, in words."""


def count_nouns(count: int, noun: str) -> str:
    """`1 row`, `2 rows`, `12,345 rows`."""
    return f"{count:,} {noun if count == 1 else noun + 's'}"
