"""A version of the lake gets a name, which a report can cite: expiry spares what is pinned (flows/upkeep/expire.py)."""

import getpass
from contextlib import closing

from duckdb import DuckDBPyConnection

from watershed.errors import InvalidInput, NotFound
from watershed.settings import load_settings
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import insert_rows, utc_now
from watershed.warehouse.pins import NAME, PINS, explain_version
from watershed.warehouse.publish import hold_lock, read_snapshot, transact

EXISTS = "SELECT count(*) FROM ducklake_snapshots('lake') WHERE snapshot_id = ?"


def pin_snapshot(name: str, reason: str, snapshot: int | None = None, actor: str | None = None) -> int:
    """Name a version, the newest unless another is given. Returns its number.

    Raises InvalidInput for a name that cannot be, or is taken, and NotFound where there is no such version.
    """
    if not NAME.fullmatch(name):
        raise InvalidInput(f"{name!r} is not a name of a version: small letters, digits and _ . -, a letter first")
    if not reason.strip():
        raise InvalidInput("a pin needs a reason: who cites this version, and where")
    with hold_lock(load_settings()), closing(connect()) as con, transact(con):
        newest = read_snapshot(con)
        chosen = newest if snapshot is None else snapshot
        if not con.execute(EXISTS, [chosen]).fetchall()[0][0]:
            raise NotFound(explain_version(con, chosen))
        if (taken := read_pins(con).get(name)) is not None:
            raise InvalidInput(f"{name} is version {taken} already: take that pin off first, or choose another name")
        write_pin(con, name, chosen, reason, actor, newest + 1)
    return chosen


def remove_pin(name: str, reason: str = "no longer cited", actor: str | None = None) -> int:
    """Take a name off: its version expires with others of its age. Returns its number. Raises NotFound."""
    with hold_lock(load_settings()), closing(connect()) as con, transact(con):
        if (pinned := read_pins(con).get(name)) is None:
            raise NotFound(f"no version is called {name!r}: `watershed pin` lists the pins")
        write_pin(con, name, None, reason, actor, read_snapshot(con) + 1)
    return pinned


def read_pins(con: DuckDBPyConnection) -> dict[str, int]:
    return {name: snapshot for name, snapshot, *_ in con.execute(PINS).fetchall()}


def write_pin(
    con: DuckDBPyConnection, name: str, pinned: int | None, reason: str, actor: str | None, snapshot: int
) -> None:
    """The row, and a message that says who."""
    who = actor or getpass.getuser()
    row = {"name": name, "snapshot_id": snapshot, "pinned_snapshot_id": pinned}
    row |= {"reason": reason, "pinned_by": who, "pinned_at": utc_now()}
    insert_rows(con, "ledger.pins", [row])
    done = f"pin {name} at {pinned}" if pinned is not None else f"take off the pin {name}"
    con.execute(f"CALL lake.set_commit_message({quote(who)}, {quote(f'{done}: {reason}')})")
