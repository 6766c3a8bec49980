"""What the history of a database's tables must be, told from the database as it was at two moments."""

import json
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.checkout import Checkout
from watershed.warehouse.connection import connect

Rows = dict[tuple[Any, ...], tuple[Any, ...]]  # a row by its key
TELL_CONTRACTS = """
import json
from watershed.declarations import find_source, tables_of
print(json.dumps([
    {"name": t.name, "schema": t.origin.schema, "table": t.origin.table, "key": t.key, "changed_at": t.changed_at,
     "columns": [[c.name, c.origin_name, str(c.type)] for c in t.columns]} for t in tables_of(find_source("{source}"))
]))
"""
ALTERED = {
    "integer": "{} + 1", "smallint": "{} + 1", "bigint": "{} + 1", "numeric": "{} + 1", "real": "{} * 2 + 1",
    "text": "reverse({}) || '!'", "character varying": "left('x' || {}, 2)", "date": "{} + 1", "boolean": "not {}",
    "bytea": "'\\x00'", "timestamp without time zone": "{} + interval '1 hour'",
}  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """A contract that the scaffold wrote: `columns` are its name, the database's, and the type."""

    name: str
    schema: str
    table: str
    key: list[str]
    changed_at: str | None
    columns: list[tuple[str, str, str]]

    @property
    def relation(self) -> str:
        return f'"{self.schema}"."{self.table}"'

    @property
    def key_sql(self) -> str:
        return ", ".join(f'"{own}"' for name, own, _ in self.columns if name in self.key)


def list_kept(checkout: Checkout, source: str) -> list[Kept]:
    done = checkout.run("python", "-c", TELL_CONTRACTS.replace("{source}", source))
    assert done.returncode == 0, done.stderr
    return [Kept(**about) for about in json.loads(done.stdout)]


def read_database(url: str, tables: list[Kept]) -> dict[str, Rows]:
    """All rows of the database, in the words and types of the contracts."""
    with psycopg.connect(url, options="-c timezone=UTC -c client_encoding=UTF8") as database:
        return {table.name: read_table(database, table) for table in tables}


def read_table(database: psycopg.Connection, table: Kept) -> Rows:
    kinds = list_types(database, table)
    listed = ", ".join(format_expected(own, kind, kinds[own]) for _, own, kind in table.columns)
    places = [n for n, (name, *_) in enumerate(table.columns) if name in table.key]
    rows = [tuple(map(normalise, row)) for row in database.execute(f"select {listed} from {table.relation}").fetchall()]
    return {tuple(row[place] for place in places): row for row in rows}


def format_expected(column: str, kind: str, own: str) -> str:
    if own == "timestamp with time zone":
        return f"\"{column}\" at time zone 'UTC'"
    is_text = kind == "string" and own not in ("text", "character varying")
    return f'"{column}"::text' if is_text else f'"{column}"::float8' if kind in ("double", "float") else f'"{column}"'


def list_types(database: psycopg.Connection, table: Kept) -> dict[str, str]:
    query = "select column_name, data_type from information_schema.columns where (table_schema, table_name) = (%s, %s)"
    return dict(database.execute(query, [table.schema, table.table]).fetchall())


def normalise(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return json.dumps(value) if isinstance(value, dict) else value


def read_histories(tables: list[Kept]) -> dict[str, Counter[tuple[Any, ...]]]:
    """Every version in the lake: its values, whether it is current, and whether it ended with its record."""
    with closing(connect()) as con:
        return {table.name: read_history(con, table) for table in tables}


def read_history(con: Any, table: Kept) -> Counter[tuple[Any, ...]]:
    listed = ", ".join(f'"{name}"' for name, *_ in table.columns)
    rows = con.execute(f"SELECT {listed}, is_current, is_deleted FROM core.{table.name}").fetchall()
    return Counter(tuple(normalise(value) for value in format_json(table, row)) for row in rows)


def format_json(table: Kept, row: tuple[Any, ...]) -> list[Any]:
    kinds = [kind for *_, kind in table.columns] + ["", ""]
    return [json.loads(v) if "json" in kind and v is not None else v for v, kind in zip(row, kinds, strict=True)]


def expect_history(before: Rows, after: Rows) -> Counter[tuple[Any, ...]]:
    """What must be kept of a table that was seen at two moments."""
    expected: Counter[tuple[Any, ...]] = Counter()
    for key in {*before, *after}:
        was, now = before.get(key), after.get(key)
        if was is not None and was != now:
            expected[(*was, False, now is None)] += 1
        if now is not None:
            expected[(*now, True, False)] += 1
    return expected


def change_database(url: str, tables: list[Kept]) -> None:
    """Update rows of every table, touch others, and delete one, whatever refers to it."""
    with psycopg.connect(url) as database:
        free = {table.name: find_free(database, table) for table in tables}
        for table in tables:
            first = f"({table.key_sql}) in (select {table.key_sql} from {table.relation} order by {table.key_sql}"
            for column, altered in free[table.name]:
                database.execute(f"update {table.relation} set {column} = {altered} where {first} limit 2)")
                database.execute(f"update {table.relation} set {column} = {column} where {first} offset 2 limit 2)")
        database.execute("set session_replication_role = replica")
        for table in tables:
            descending = table.key_sql.replace(", ", " desc, ") + " desc"
            last = f"select {table.key_sql} from {table.relation} order by {descending} limit 1"
            database.execute(f"delete from {table.relation} where ({table.key_sql}) in ({last})")


def find_free(database: psycopg.Connection, table: Kept) -> list[tuple[str, str]]:
    """A column that no key has a part in, if there is one, and another value for it."""
    query = """
        select quote_ident(attname) from pg_attribute
        where attrelid = %(table)s::regclass and attnum > 0 and not attisdropped and attnum not in (
            select unnest(conkey) from pg_constraint where conrelid = %(table)s::regclass and contype in ('p', 'f')
            union select unnest(indkey::int2[]) from pg_index where indrelid = %(table)s::regclass)
    """
    names = [row[0] for row in database.execute(query, {"table": table.relation}).fetchall()]
    kinds = list_types(database, table)
    fits = [(name, ALTERED[kind].format(name)) for name in names if (kind := kinds[name.strip('"')]) in ALTERED]
    return [fit for fit in fits if "last_update" not in fit[0]][:1]
