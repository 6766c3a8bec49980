"""Names of versions of the lake, which reports cite: rows of `ledger.pins`, of which the last one of a name counts."""

import re
from datetime import datetime

from duckdb import DuckDBPyConnection

from watershed.declarations.nearby import list_near
from watershed.errors import NotFound

NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
PINS = """
    SELECT name, pinned_snapshot_id AS snapshot, reason, pinned_by, pinned_at FROM ledger.current_pins ORDER BY name
"""
AT_TIME = """
    SELECT max(snapshot_id) FROM ducklake_snapshots('lake') WHERE CAST(snapshot_time AS TIMESTAMP) <= ?
"""
IS_VERSION = "SELECT 1 FROM ducklake_snapshots('lake') WHERE snapshot_id = ?"
NEAREST = "SELECT snapshot_id FROM ducklake_snapshots('lake') ORDER BY abs(snapshot_id::HUGEINT - ?) LIMIT 1"

MOST = 2**63 - 1  # that a number of a version can be; nobody has that one


def find_snapshot(con: DuckDBPyConnection, text: str) -> int:
    """The version that is meant by a number, the name of a pin, or a UTC time such as `2026-11-22 18:00`.

    Raises NotFound for a number or a name that there is none of, or a time before everything.
    """
    if text.isdecimal():
        if not is_version(con, version := min(int(text), MOST)):
            raise NotFound(explain_version(con, version))
        return version
    if NAME.fullmatch(text):
        pins = {name: snapshot for name, snapshot, *_ in con.execute(PINS).fetchall()}
        if text not in pins:
            near = " or ".join(list_near(text, pins))
            meant = f": did you mean {near}?" if near else f"; the pins are {', '.join(pins) or 'none yet'}"
            raise NotFound(f"no version is called {text!r}{meant}")
        return int(pins[text])
    [(found,)] = con.execute(AT_TIME, [read_time(text)]).fetchall()
    if found is None:
        raise NotFound(f"the lake has no version as old as {text}")
    return int(found)


def is_version(con: DuckDBPyConnection, version: int) -> bool:
    return con.execute(IS_VERSION, [version]).fetchone() is not None


def explain_version(con: DuckDBPyConnection, version: int) -> str:
    """What to say of a version that there is not."""
    [(nearest,)] = con.execute(NEAREST, [version]).fetchall()
    return (
        f"there is no snapshot {version} in the lake: it has expired, or never was; the nearest is {nearest}, and "
        "`watershed ledger` lists them"
    )


def read_time(text: str) -> datetime:
    """Raises NotFound with what may be written."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise NotFound(f"{text!r} is not a version: write a number, the name of a pin or a UTC time") from None
