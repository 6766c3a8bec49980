"""One version of the lake as a plain DuckDB file: for a laptop, or a tool that reads such files.

Tables, and views as tables of what they say now; comments of tables and columns come along. Values are as the role sees
them in the lake, unless personal columns are left out. The file appears whole or not at all.
"""

import os
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from watershed.declarations.nearby import explain_unknown
from watershed.declarations.roles import Role, list_roles
from watershed.errors import InvalidInput, NotFound
from watershed.serving.analyst import open_attached
from watershed.settings import Settings, load_reader
from watershed.warehouse.connection import quote
from watershed.warehouse.schema.ddl import SCHEMAS
from watershed.warehouse.schema.personal import list_personal

KEPT = ("core", "mart", "ml")  # schemas, when none is asked for: `serve` holds the rows of core once more
RELATIONS = """
    SELECT schema_name, table_name AS name, comment FROM duckdb_tables()
    WHERE database_name = 'lake' AND list_contains(?, schema_name)
    UNION ALL SELECT schema_name, view_name, comment FROM duckdb_views()
    WHERE database_name = 'lake' AND list_contains(?, schema_name)
    ORDER BY ALL
"""
COLUMNS = """
    SELECT column_name, comment FROM duckdb_columns()
    WHERE database_name = 'lake' AND schema_name = ? AND table_name = ? AND comment IS NOT NULL
"""
ALL_COLUMNS = "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE database_name = 'lake'"


def export_lake(
    path: Path,
    schemas: Iterable[str] = KEPT,
    snapshot: int | None = None,
    role: Role | None = None,
    *,
    is_forced: bool = False,
    without_personal: bool = False,
    settings: Settings | None = None,
) -> dict[str, int]:
    """Write `path`, and return the rows of each table in it. One version of the lake, the newest unless told.

    Raises InvalidInput for a file that is there, unless forced, or that cannot be written, and where a table cannot be
    read; NotFound for a schema or version that there is not.
    """
    if path.exists() and not is_forced:
        raise InvalidInput(f"{path} is there already: choose another name, or say --force")
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    before = os.umask(0o077)  # it has what the lake has: ours alone, from its first byte
    try:
        with closing(open_attached(settings or load_reader(), snapshot, role or list_roles()[-1])) as con:
            counts = copy_relations(con, draft, list(schemas), find_left_out(con) if without_personal else {})
        draft.replace(path)
    except (duckdb.Error, OSError) as error:
        raise InvalidInput(f"{path} is not written: {str(error).strip().splitlines()[0]}") from error
    finally:
        os.umask(before)
        draft.unlink(missing_ok=True)
    return counts


def copy_relations(
    con: DuckDBPyConnection, draft: Path, schemas: list[str], left_out: dict[str, list[str]]
) -> dict[str, int]:
    """Everything in one transaction, so that all tables are of one version while others publish."""
    con.execute("USE lake")
    con.execute(f"ATTACH {quote(str(draft))} AS file")
    con.execute("BEGIN")
    relations = con.execute(RELATIONS, [schemas, schemas]).fetchall()
    if missing := set(schemas) - {schema for schema, *_ in relations}:
        raise NotFound(explain_unknown("schema", min(missing), SCHEMAS))
    for schema in schemas:
        con.execute(f"CREATE SCHEMA IF NOT EXISTS file.{schema}")
    counts = {}
    for schema, name, comment in relations:
        address = f"{schema}.{name}"
        copy_relation(con, address, left_out.get(address, []))
        describe_relation(con, schema, name, comment, left_out.get(address, []))
        counts[address] = int(con.execute(f"SELECT count(*) FROM file.{address}").fetchall()[0][0])
    con.execute("COMMIT")
    con.execute("DETACH file")
    return counts


def copy_relation(con: DuckDBPyConnection, address: str, left_out: list[str]) -> None:
    columns = f"* EXCLUDE ({', '.join(left_out)})" if left_out else "*"
    con.execute(f"CREATE TABLE file.{address} AS SELECT {columns} FROM lake.{address}")


def describe_relation(
    con: DuckDBPyConnection, schema: str, name: str, comment: str | None, left_out: list[str]
) -> None:
    if comment:
        con.execute(f"COMMENT ON TABLE file.{schema}.{name} IS {quote(comment)}")
    for column, text in con.execute(COLUMNS, [schema, name]).fetchall():
        if column not in left_out:
            con.execute(f"COMMENT ON COLUMN file.{schema}.{name}.{column} IS {quote(text)}")


def find_left_out(con: DuckDBPyConnection) -> dict[str, list[str]]:
    """The personal columns of everything, by address."""
    columns: dict[str, list[str]] = {}
    for schema, table, name in con.execute(ALL_COLUMNS).fetchall():
        columns.setdefault(f"{schema}.{table}", []).append(name)
    return {address: sorted(list_personal(address, names)) for address, names in columns.items()}
