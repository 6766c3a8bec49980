"""What people have written about a table and its columns."""

from dataclasses import dataclass
from datetime import datetime

from watershed.warehouse.ledger.cache import MIRROR

MOST = 200
COMMENTS = """
    SELECT comment_id, column_name, body, written_by, written_at, withdrawn_by, withdrawn_at FROM current_comments
    WHERE table_name = $address ORDER BY written_at DESC, comment_id LIMIT $limit
"""


@dataclass(frozen=True)
class Comment:
    """`column_name` is None of a comment about the table. Of one that was withdrawn pages show by whom, no text."""

    comment_id: str
    column_name: str | None
    body: str
    written_by: str
    written_at: datetime
    withdrawn_by: str | None
    withdrawn_at: datetime | None

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_by is not None


def list_comments(address: str) -> list[Comment]:
    """The latest first, MOST of them."""
    return [Comment(**row) for row in MIRROR.ask(COMMENTS, {"address": address, "limit": MOST})]


def count_comments(comments: list[Comment]) -> dict[str, int]:
    """By column, of those that hold."""
    names = [one.column_name for one in comments if one.column_name and not one.is_withdrawn]
    return {name: names.count(name) for name in names}
