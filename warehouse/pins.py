"""Names of versions of the lake, which reports cite: rows of `ledger.pins`, of which the last one of a name counts."""

import re
from datetime import datetime

from duckdb import DuckDBPyConnection

NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
PINS = """
    SELECT name, pinned_snapshot_id AS snapshot, reason, pinned_by, pinned_at FROM ledger.pins
    QUALIFY row_number() OVER (PARTITION BY name ORDER BY snapshot_id DESC, pinned_at DESC) = 1
        AND pinned_snapshot_id IS NOT NULL
    ORDER BY name
"""
AT_TIME = """
    SELECT max(snapshot_id) FROM ducklake_snapshots('lake') WHERE CAST(snapshot_time AS TIMESTAMP) <= ?
"""


MOST = 2**63 - 1  # that a number of a version can be; nobody has that one


def find_snapshot(con: DuckDBPyConnection, text: str) -> int:
    """The version that is meant by a number, the name of a pin, or a UTC time such as `2026-11-22 18:00`.

    Raises LookupError for a name that there is none of, or a time before everything.
    """
    if text.isdecimal():
        return min(int(text), MOST)
    if NAME.fullmatch(text):
        pins = {name: snapshot for name, snapshot, *_ in con.execute(PINS).fetchall()}
        if text not in pins:
            raise LookupError(f"no version is called {text!r}; the pins are {', '.join(pins) or 'none yet'}")
        return int(pins[text])
    [(found,)] = con.execute(AT_TIME, [read_time(text)]).fetchall()
    if found is None:
        raise LookupError(f"the lake has no version as old as {text}")
    return int(found)


def read_time(text: str) -> datetime:
    """Raises LookupError with what may be written."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise LookupError(f"{text!r} is no version: write a number, the name of a pin or a UTC time") from None
