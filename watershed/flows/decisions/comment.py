"""Comments: what people write about a table or column, for those who come after them. A comment is a row of the ledger,
with who and when; withdrawing it is another, so that what was said, and that it was withdrawn, stays known."""

import re
from dataclasses import dataclass
from uuid import uuid4

from watershed.declarations.nearby import explain_unknown
from watershed.errors import InvalidInput, NotAllowed, NotFound
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import utc_now
from watershed.warehouse.recording import record_row
from watershed.warehouse.schema.described import find_declared, list_columns

LONGEST = 2_000  # characters
JOINERS = "\u200c\u200d"  # of letters and emoji: not printable by themselves
NAME = re.compile(r"[0-9a-f]{16}")
SAID = "SELECT table_name, column_name, written_by, withdrawn_by FROM ledger.current_comments WHERE comment_id = ?"


class NotYours(NotAllowed):
    """Somebody withdraws what another has written."""


@dataclass(frozen=True)
class Said:
    """A comment that is there, as far as it matters for withdrawing it."""

    table: str
    column: str | None
    written_by: str
    withdrawn_by: str | None


def write_comment(address: str, column: str | None, text: str, by: str, comment_id: str | None = None) -> str:
    """Keep it; of an id that is there already, the first one stays. Returns the id, a new one unless it is given.

    Raises NotFound where there is no such table or column, InvalidInput for a text that cannot be kept.
    """
    verify_subject(address, column)
    body, name = clean_text(text), comment_id or uuid4().hex[:16]
    if not NAME.fullmatch(name):
        raise InvalidInput("the comment's id is not one that a page makes: open the page again")
    row = {"comment_id": name, "table_name": address, "column_name": column or None, "body": body}
    known = "SELECT 1 FROM ledger.comments WHERE comment_id = ?"
    message = f"comment on {format_subject(address, column)}"
    record_row("ledger.comments", row | {"written_by": by, "written_at": utc_now()}, by, message, known, [name])
    return name


def withdraw_comment(comment_id: str, by: str, is_administrator: bool = False) -> str:
    """Say that it holds no more. Returns the table that it was about; twice is as once. Raises NotFound where there
    is no such comment, NotYours where another has written it."""
    said = find_comment(comment_id)
    if by != said.written_by and not is_administrator:
        raise NotYours(f"{said.written_by} has written it: its author may withdraw it, or an administrator")
    row = {"comment_id": comment_id, "table_name": said.table, "column_name": said.column, "body": None}
    known = "SELECT 1 FROM ledger.comments WHERE comment_id = ? AND body IS NULL"
    message = f"withdraw a comment of {said.written_by} on {format_subject(said.table, said.column)}"
    record_row("ledger.comments", row | {"written_by": by, "written_at": utc_now()}, by, message, known, [comment_id])
    return said.table


def verify_subject(address: str, column: str | None) -> None:
    declared = find_declared(address)
    if declared is None:
        raise NotFound(f"there is no table {address!r} to write about")
    names = [one.name for one in list_columns(declared)]
    if column and column not in names:
        raise NotFound(explain_unknown("column", column, names))


def clean_text(text: str) -> str:
    """Without what cannot be read, or stored: control characters, and those that turn the direction of others. Raises
    InvalidInput."""
    lines = text.replace("\r\n", "\n").replace("\t", " ")
    body = "".join(c for c in lines if c.isprintable() or c == "\n" or c in JOINERS).strip()
    if not body:
        raise InvalidInput("a comment needs a text")
    if len(body) > LONGEST:
        raise InvalidInput(f"a comment has {LONGEST:,} characters at most, and this one has {len(body):,}")
    return body


def find_comment(comment_id: str) -> Said:
    with connect(read_only=True) as con:
        row = con.execute(SAID, [comment_id]).fetchone()
    if row is None:
        raise NotFound(f"there is no comment {comment_id!r}: the page of its table lists those there are")
    return Said(*row)


def format_subject(address: str, column: str | None) -> str:
    return f"{address}.{column}" if column else address
