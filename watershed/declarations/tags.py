"""Tags: words by which tables and columns are found that belong together, wherever they are. Contracts and SQL files
give them; a word is `small-letters`, and means the same everywhere."""

import re
from collections.abc import Iterable

from watershed.errors import InvalidInput

TAG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def verify_tags(tags: Iterable[str], where: str) -> None:
    """Raises InvalidInput for what is not a tag."""
    if strange := [tag for tag in tags if not TAG.fullmatch(tag)]:
        raise InvalidInput(f"{where} has the tag {strange[0]!r}: write small letters, digits and dashes")


def carries(tag: str, own: Iterable[str], of_columns: Iterable[Iterable[str]] = ()) -> bool:
    """Whether a table carries a tag itself or in one of its columns."""
    return tag in own or any(tag in tags for tags in of_columns)
