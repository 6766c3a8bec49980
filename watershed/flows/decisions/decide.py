"""Decisions: what a person has decided about rows, objects or a version, recorded with who and why.

Recording one changes no data. It is carried out afterwards, by a run that does what the record says and nothing else,
and its outcome is a row of the same transaction as the change: a decision is carried out once, however often one tries.

Words used here:
*drop*: rows leave a quarantine; the raw objects stay.
*replay*: what is in quarantine, or was refused, is tried again after a fix.
*accept*: refused objects are published anyway; their bad rows go to quarantine.
*leave*: refused objects stay refused. There is nothing to carry out.
*rollback*: a table becomes what it was in an earlier version of the lake.
*drop_table*: a table leaves the lake as a whole; what is declared is made anew, empty.
"""

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Self, get_args
from uuid import uuid4

from duckdb import DuckDBPyConnection

from watershed.errors import InvalidInput, NotFound
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import fetch_column, utc_now
from watershed.warehouse.recording import record_row

Kind = Literal["drop", "replay", "accept", "leave", "rollback", "drop_table"]

WORDS = {"rollback": "roll back", "drop_table": "drop"}
# Files that could not be read when they were refused last, with why.
UNREADABLE = """
    SELECT raw_object, any_value(reason) FROM (
        SELECT * FROM ledger.refusal_reasons WHERE list_contains(?, raw_object)
        QUALIFY snapshot_id = max(snapshot_id) OVER (PARTITION BY raw_object)
    ) GROUP BY raw_object HAVING bool_and(table_name IS NULL AND rule = 'object')
"""
COLUMNS = ("decision_id", "kind", "subject", "about", "reason", "decided_by", "snapshot_id", "decided_at")


@dataclass(frozen=True)
class About:
    """What a decision is about: a version of a table; or raw objects of a source; or the rows of one in quarantine that
    break a rule for a reason, as they were counted in a snapshot (`sentence`: the reason as people read it)."""

    source: str = ""
    objects: list[str] | None = None
    rule: str = ""
    reason: str | None = None
    sentence: str | None = None
    rows: int | None = None
    snapshot: int | None = None
    version: int | None = None

    def to_json(self) -> str:
        return json.dumps({name: value for name, value in vars(self).items() if value not in (None, "")})

    @classmethod
    def from_json(cls, told: str) -> Self:
        return cls(**json.loads(told))


@dataclass(frozen=True)
class DataChange:
    """What a decision has changed: `rows` that it is about, of a rollback those that came back and those that `left`;
    the days that changed (ISO, in order). `snapshot`: the version of the lake that it made."""

    rows: int = 0
    left: int = 0
    days: list[str] = field(default_factory=list)
    snapshot: int | None = None


@dataclass(frozen=True)
class Decision:
    """`subject`: the table or source; `about`: which rows, objects or version. `snapshot_id`: the snapshot that
    recorded it, before which all is that it is about."""

    decision_id: str
    kind: Kind
    subject: str
    about: About
    reason: str
    decided_by: str
    snapshot_id: int
    decided_at: datetime


def record_decision(
    kind: Kind, subject: str, about: About, reason: str, decided_by: str, decision_id: str | None = None
) -> str:
    """Write a decision into the ledger. Returns its id: a new one, or that given, which is recorded once.

    Raises InvalidInput for an unknown kind, without a reason, or where it would come to nothing.
    """
    reason = " ".join(reason.split())
    if kind not in get_args(Kind):
        raise InvalidInput(f"there is no decision of the kind {kind!r}: it is one of {', '.join(get_args(Kind))}")
    if not reason:
        raise InvalidInput("say why: a decision is recorded with its reason")
    if kind == "accept":
        verify_readable(about.objects or [])
    decision_id = decision_id or uuid4().hex[:16]
    row = {
        "decision_id": decision_id,
        "kind": kind,
        "subject": subject,
        "about_json": about.to_json(),
        "reason": reason,
        "decided_by": decided_by,
        "decided_at": utc_now(),
    }
    is_new = write_row(
        "ledger.decisions",
        row,
        decided_by,
        f"decide to {WORDS.get(kind, kind)} {subject}, because {reason}",
    )
    if kind == "leave" and is_new:
        record_outcome(decision_id, decided_by)
    return decision_id


def verify_readable(objects: list[str]) -> None:
    """Raises InvalidInput when none of these refused objects can be read: each would be refused again."""
    with closing(connect()) as con:
        unread = dict(con.execute(UNREADABLE, [objects]).fetchall())
    if unread and unread.keys() >= set(objects):
        raise InvalidInput(f"it would be refused again, for nothing of it can be read: {unread[min(unread)]}")


def record_outcome(decision_id: str, run_id: str) -> None:
    """Note that a decision is carried out and that nothing was left to do for it."""
    row = {"run_id": run_id, "decision_id": decision_id, "row_count": 0}
    write_row("ledger.outcomes", row, run_id, f"decision {decision_id}: nothing to do")


def write_row(address: str, row: Mapping[str, object], author: str, message: str) -> bool:
    """One row about a decision. Returns whether it is new: the first one stays."""
    known = f"SELECT 1 FROM {address} WHERE decision_id = ?"
    return record_row(address, {**row}, author, message, known, [row["decision_id"]])


def find_decision(decision_id: str) -> Decision:
    """Raises NotFound when nobody has decided that."""
    with closing(connect()) as con:
        names = ", ".join(COLUMNS).replace("about", "about_json")
        query = f"SELECT {names} FROM ledger.decisions WHERE decision_id = ?"
        row = con.execute(query, [decision_id]).fetchone()
    if row is None:
        raise NotFound(f"there is no decision {decision_id!r}: the quarantine page lists those there are")
    return Decision(**dict(zip(COLUMNS, row, strict=True)) | {"about": About.from_json(row[3])})


def find_outcome(decision_id: str) -> int | None:
    """The number of rows that it was about in the end; None while it is not carried out."""
    with closing(connect()) as con:
        query = "SELECT row_count FROM ledger.outcomes WHERE decision_id = ?"
        row = con.execute(query, [decision_id]).fetchone()
    return int(row[0]) if row else None


def is_carried_out(con: DuckDBPyConnection, decision_id: str) -> bool:
    return con.execute(outcome_sql(decision_id)).fetchone() is not None


def outcome_sql(decision_id: str) -> str:
    """A query that finds a row when the decision is carried out."""
    return f"SELECT 1 FROM ledger.outcomes WHERE decision_id = {quote(decision_id)}"


def list_accepted(con: DuckDBPyConnection, source: str) -> set[str]:
    """The raw objects of a source that somebody has accepted, however bad they are, now and in every rebuild."""
    query = "SELECT DISTINCT raw_object FROM ledger.decided_objects WHERE kind = 'accept' AND source = ?"
    return set(fetch_column(con, query, [source]))
