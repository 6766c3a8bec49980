"""How a table differs between two snapshots: rows added, removed, and changed (the same key in both).

DuckLake says which rows the snapshots between them inserted and deleted; what was deleted and written again as it was
is not a difference.
"""

from dataclasses import dataclass
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from watershed.cockpit.declared import Declared
from watershed.cockpit.reading import read_lake
from watershed.declarations.roles import Role
from watershed.errors import NotFound
from watershed.serving.role_rows import find_closed, find_rule, qualify_condition
from watershed.warehouse.connection import LAKE
from watershed.warehouse.schema.copying import find_beginning
from watershed.warehouse.schema.personal import list_personal

PAGE = 50
MASK = "•••"

Row = dict[str, Any]


@dataclass(frozen=True)
class RowDifference:
    """Counts, and a page of the rows. `changed` are pairs: before, and after."""

    columns: list[str]
    added_count: int
    removed_count: int
    changed_count: int
    added: list[Row]
    removed: list[Row]
    changed: list[tuple[Row, Row]]

    @property
    def is_none(self) -> bool:
        return not (self.added_count or self.removed_count or self.changed_count)


def compare_snapshots(one: Declared, first: int, last: int, role: Role, page: int = 1) -> RowDifference:
    """From snapshot `first` to `last`, as the role sees the table.

    Raises NotFound when a snapshot is not there (any more), or the comparison takes too long or too much memory.
    """
    try:
        with read_lake(f"These versions of {one.address} differ in too much to be compared here: ask in SQL") as con:
            columns = collect_changes(con, one, first, last, role)
            return read_difference(con, one, columns, role, page)
    except duckdb.Error as error:
        raise NotFound(explain(one, first, last, error)) from None


def collect_changes(con: DuckDBPyConnection, one: Declared, first: int, last: int, role: Role) -> list[str]:
    """Temporary tables `added` and `removed`. Returns the names of their columns."""
    if why := find_closed(role, one.address):
        raise NotFound(why)
    rule = find_rule(role, one.address)
    older, newer = sorted((first, last))
    if (began := find_beginning(con, one.address)) > older:
        raise NotFound(f"{one.address} was made, or made anew, in snapshot {began}: compare versions since then")
    own = f"ducklake_table_changes('lake', '{one.schema}', '{one.name}', {older + 1}, {newer})"
    where = qualify_condition(rule, LAKE) if rule else "true"
    con.execute(f"CREATE TEMP TABLE moved AS SELECT * EXCLUDE (snapshot_id, rowid) FROM {own} WHERE {where}")
    gone = "change_type IN ('delete', 'update_preimage')"
    came, went = ("added", "removed") if first <= last else ("removed", "added")
    for name, own_kind, other_kind in ((came, f"NOT {gone}", gone), (went, gone, f"NOT {gone}")):
        con.execute(
            f"""CREATE TEMP TABLE {name} AS
            SELECT * EXCLUDE change_type FROM moved WHERE {own_kind}
            EXCEPT ALL SELECT * EXCLUDE change_type FROM moved WHERE {other_kind}"""
        )
    return [row[0] for row in con.execute("DESCRIBE added").fetchall()]


def read_difference(con: DuckDBPyConnection, one: Declared, columns: list[str], role: Role, page: int) -> RowDifference:
    """Split what was added and removed by key: a key that is once in both has changed."""
    keys = ", ".join(f'"{name}"' for name in one.key if name in columns) or "NULL"
    once = "SELECT {keys} FROM {table} GROUP BY ALL HAVING count(*) = 1"
    both = " INTERSECT ".join(once.format(keys=keys, table=table) for table in ("added", "removed"))
    con.execute(f"CREATE TEMP TABLE pairs AS {both if keys != 'NULL' else 'SELECT 1 AS no_key WHERE false'}")
    using = keys if keys != "NULL" else "no_key"
    parts = {
        "added": f"added ANTI JOIN pairs USING ({using})",
        "removed": f"removed ANTI JOIN pairs USING ({using})",
        "before": f"removed SEMI JOIN pairs USING ({using})",
        "after": f"added SEMI JOIN pairs USING ({using})",
    }
    if keys == "NULL":
        parts = {"added": "added", "removed": "removed", "before": "removed WHERE false", "after": "added WHERE false"}
    page_of = f"ORDER BY {keys} LIMIT {PAGE} OFFSET {(page - 1) * PAGE}"
    rows = {name: con.execute(f"FROM {part} {page_of}").fetchall() for name, part in parts.items()}
    counts = {name: con.execute(f"SELECT count(*) FROM {part}").fetchall()[0][0] for name, part in parts.items()}
    masked = {name: mask(one, columns, own, role) for name, own in rows.items()}
    return RowDifference(
        columns=columns,
        added_count=counts["added"],
        removed_count=counts["removed"],
        changed_count=counts["after"],
        added=masked["added"],
        removed=masked["removed"],
        changed=list(zip(masked["before"], masked["after"], strict=True)),
    )


def mask(one: Declared, columns: list[str], rows: list[tuple[Any, ...]], role: Role) -> list[Row]:
    personal = {name for name in list_personal(one.address, columns) if not role.sees(one.address, name)}
    return [
        {
            name: MASK if name in personal and value is not None else value
            for name, value in zip(columns, row, strict=True)
        }
        for row in rows
    ]


def explain(one: Declared, first: int, last: int, error: duckdb.Error) -> str:
    text = str(error).lower()
    if "snapshot" in text or "version" in text:
        return f"Snapshot {first} or {last} is not in the lake (any more): the page Snapshots lists those there are"
    return f"{one.address} cannot be compared between {first} and {last}: was it there at both?"
