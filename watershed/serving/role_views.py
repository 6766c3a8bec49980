"""What a role sees of the lake: views in place of tables, with masks and conditions in them.

The lake itself is attached as `vault`, which no listing shows and no statement of an analyst may name
(serving/sql_guard.py). What analysts call the lake is a catalogue of views over it: a view a table, and the lake's own
views and macros once more, which read those. So what is computed from a masked value is computed from its mask.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
from duckdb import DuckDBPyConnection

from watershed.declarations import list_tables
from watershed.declarations.roles import Role
from watershed.serving.role_rows import VAULT, find_closed, find_rule, qualify_condition
from watershed.warehouse.connection import LAKE, quote
from watershed.warehouse.masks import HIDDEN, KEY, mask_sql, parked_sql, reason_sql, told_sql
from watershed.warehouse.schema.personal import list_personal

KEYS = "keys"
QUESTIONS = "ledger.saved_questions"
NOW = 2**62  # later than any version
ALIVE = "{0}.begin_snapshot <= {{at}} AND ({0}.end_snapshot IS NULL OR {0}.end_snapshot > {{at}})"
COLUMNS = f"""
    SELECT s.schema_name || '.' || t.table_name, c.column_name, c.column_type
    FROM ducklake_table t JOIN ducklake_schema s USING (schema_id) JOIN ducklake_column c USING (table_id)
    WHERE c.parent_column IS NULL AND {" AND ".join(map(ALIVE.format, "tsc"))} ORDER BY t.table_id, c.column_order
"""
VIEWS = f"""
    SELECT 'VIEW ' || s.schema_name || '.' || v.view_name || ' AS ' || v.sql
    FROM ducklake_view v JOIN ducklake_schema s USING (schema_id) WHERE {" AND ".join(map(ALIVE.format, "sv"))}
"""
MACROS = f"""
    SELECT 'MACRO ' || s.schema_name || '.' || m.macro_name || '(' || coalesce((
        SELECT string_agg('"' || parameter_name || '"', ', ' ORDER BY column_id) FROM ducklake_macro_parameters p
        WHERE p.macro_id = i.macro_id AND p.impl_id = i.impl_id
    ), '') || ') AS ' || CASE WHEN i.type = 'table' THEN 'TABLE ' ELSE '' END || i.sql
    FROM ducklake_macro m JOIN ducklake_schema s USING (schema_id) JOIN ducklake_macro_impl i USING (macro_id)
    WHERE {" AND ".join(map(ALIVE.format, "sm"))}
"""
VERSION = "SELECT schema_version FROM ducklake_snapshot ORDER BY snapshot_id DESC LIMIT 1"
# Functions of DuckLake that say nothing of rows, under the names that they have where the lake is attached.
ABOUT = ("snapshots", "current_snapshot", "last_committed_snapshot", "table_info")

Columns = dict[str, str]


@dataclass(frozen=True)
class SeenRelation:
    """A relation as a role sees it, `source` being what it is read from: its columns by name, as SQL over `t`."""

    address: str
    source: str
    columns: dict[str, str]
    condition: str | None = None

    @property
    def query(self) -> str:
        """Of rows that it does not see, no value reaches what the asker's own expressions are computed of: these may
        be computed before the condition, and an error would quote them."""
        rows, values = f"{self.source} AS t", self.columns
        if self.condition is not None:
            rows = f'(SELECT *, coalesce({self.condition}, false) AS "is seen" FROM {rows}) AS t'
            values = {name: f'CASE WHEN t."is seen" THEN {value} END' for name, value in values.items()}
        named = ", ".join(f'{value} AS "{name_sql(name)}"' for name, value in values.items())
        where = ' WHERE t."is seen"' if self.condition is not None else ""
        secret = f', {KEYS}.secret AS "secret"' if KEY in named else ""
        return f"SELECT {named} FROM {rows}{secret}{where}"


def prepare_views(con: DuckDBPyConnection, key: str) -> None:
    """The catalogue that will hold the views, and the key of the masks, in one that nobody finds."""
    con.execute(f"ATTACH ':memory:' AS {KEYS} (HIDDEN)")
    con.execute(f"CREATE TABLE {KEYS}.secret AS SELECT {quote(key)} AS value")
    con.execute(f"ATTACH ':memory:' AS {LAKE}")
    for name in ABOUT:
        own = f"system.main.ducklake_{name}('{VAULT}')"
        con.execute(f"CREATE MACRO {LAKE}.main.{name}() AS TABLE FROM {own}")
        con.execute(f"CREATE MACRO {LAKE}.main.ducklake_{name}(catalog) AS TABLE FROM {own}")


def define_views(con: DuckDBPyConnection, role: Role, snapshot: int | None = None) -> None:
    """Make all that the role sees of the lake at `snapshot`, in place of what was there."""
    relations = read_relations(con, snapshot)
    stored = [row[0] for query in (VIEWS, MACROS) for row in ask_catalogue(con, query, snapshot)]
    con.execute(f"USE {LAKE}")
    con.execute("BEGIN")
    for (schema,) in con.execute(
        "SELECT schema_name FROM duckdb_schemas() WHERE database_name = ? AND NOT internal", [LAKE]
    ).fetchall():
        con.execute(f"DROP SCHEMA {LAKE}.{schema} CASCADE")
    for schema in sorted({address.partition(".")[0] for address in relations} | {"serve", "mart", "core"}):
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {LAKE}.{schema}")
    for address, columns in relations.items():
        schema, _, name = address.partition(".")
        con.execute(f'CREATE VIEW {LAKE}.{schema}."{name_sql(name)}" AS {view_sql(role, address, columns)}')
    define_stored(con, stored)
    con.execute("COMMIT")


def define_stored(con: DuckDBPyConnection, statements: list[str]) -> None:
    """The lake's own views and macros, each after those that it reads; one that reads what is not there is left out."""
    while statements:
        left = [statement for statement in statements if not define(con, statement)]
        if len(left) == len(statements):
            return
        statements = left


def define(con: DuckDBPyConnection, statement: str) -> bool:
    try:
        con.execute(f"CREATE {statement}")
    except duckdb.Error:
        return False
    return True


def read_relations(con: DuckDBPyConnection, snapshot: int | None) -> dict[str, Columns]:
    """The tables of the lake by address: types by column."""
    found: dict[str, Columns] = {}
    for address, name, kind in ask_catalogue(con, COLUMNS, snapshot):
        found.setdefault(address, {})[name] = kind
    return found


def read_version(con: DuckDBPyConnection) -> int:
    """A number that changes when a table is made, changed or gone."""
    [(version,)] = ask_catalogue(con, VERSION, None)
    return int(version)


def ask_catalogue(con: DuckDBPyConnection, query: str, snapshot: int | None) -> list[tuple[str, ...]]:
    at = NOW if snapshot is None else int(snapshot)
    own = quote(query.format(at=at))
    return con.execute(f"FROM system.main.postgres_query('__ducklake_metadata_{VAULT}', {own})").fetchall()


def view_sql(role: Role, address: str, columns: Columns) -> str:
    if (why := find_closed(role, address)) is not None:
        nulls = ", ".join(f'NULL AS "{name_sql(name)}"' for name in columns)
        return f"SELECT {nulls} WHERE CAST(error({quote(why)}) AS BOOLEAN)"
    return see(role, address, f"{VAULT}.{address}", columns).query


def see(role: Role, address: str, source: str, columns: Columns, ours: Iterable[str] = ()) -> SeenRelation:
    """What the role sees of `source`, which holds rows of the table at `address`; the columns `ours` are not its."""
    personal = list_personal(address, columns.keys() - set(ours))
    values = {}
    for name, kind in columns.items():
        value = f't."{name_sql(name)}"'
        is_shown = name not in personal or role.sees(address, name)
        values[name] = value if is_shown else mask_sql(value, name, kind)
    rule = find_rule(role, address)
    return SeenRelation(
        address, source, values | see_parked(role, address, columns), qualify_condition(rule) if rule else None
    )


def see_parked(role: Role, address: str, columns: Columns) -> dict[str, str]:
    """Columns of quarantines and of the ledger that hold rows as texts, or may quote them."""
    schema, _, name = address.partition(".")
    found: dict[str, str] = {}
    if schema not in ("quarantine", "ledger") or role.is_unrestricted:
        return found
    if not role.sees(f"core.{name}", "*"):
        found |= {text: reason_sql(f't."{text}"') for text in ("reason", "sentence") if text in columns}
        found |= {told: told_sql(f't."{told}"') for told in ("about_json", "samples_json") if told in columns}
    if "samples_json" in columns and role.rows:
        found["samples_json"] = "'[]'"
    table = next((t for t in list_tables() if t.address == f"core.{name}"), None)
    if address == QUESTIONS:  # what somebody keeps for themselves, and may quote a value
        found |= {name: quote(HIDDEN) for name in ("name", "query")}
    if "row_json" in columns and (table is None or not role.sees(table.address, "*")):
        names = [column.name for column in table.all_columns] if table else []
        personal = list_personal(f"core.{name}", names)
        shown = {own: own not in personal or role.sees(f"core.{name}", own) for own in names}
        found["row_json"] = parked_sql(name, 't."row_json"', 't."rule"', shown)
    return found


def name_sql(name: str) -> str:
    return name.replace('"', '""')
