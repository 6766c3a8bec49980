"""A table's rows in other types are a new table of the same name: for what DuckLake cannot change in place.

The rows are written to a file beside the table's first. Then, in the caller's transaction, the table is dropped, made
anew and given that file, so that readers see the one or the other, and versions of before stay readable.
"""

from collections.abc import Iterable
from uuid import uuid4

from duckdb import DuckDBPyConnection

from watershed.declarations.counting import count_nouns
from watershed.lake.store import open_store, table_key
from watershed.warehouse.connection import quote
from watershed.warehouse.schema.evolution import ColumnPlan, Fields, LakeColumn, name_column

VERSION = """
    SELECT value, (SELECT max(schema_version) FROM ducklake_snapshot) FROM ducklake_metadata WHERE key = 'data_path'
"""


def create_table(con: DuckDBPyConnection, address: str, fields: Iterable[LakeColumn]) -> None:
    fields = list(fields)
    con.execute(f"CREATE TABLE IF NOT EXISTS {address} ({', '.join(field.definition for field in fields)})")
    comment_columns(con, address, fields)


def comment_columns(con: DuckDBPyConnection, address: str, fields: Iterable[LakeColumn]) -> None:
    for field in fields:
        if field.comment:
            con.execute(f"COMMENT ON COLUMN {address}.{name_column(field.name)} IS {quote(field.comment)}")


def copy_table(con: DuckDBPyConnection, address: str, plan: ColumnPlan) -> None:
    """Give a table the columns of a plan. Takes as long as reading and writing all of it. Raises RuntimeError when not
    all rows arrived, and then nothing has changed."""
    file = open_store().address(table_key(address, f"copied-{uuid4().hex[:12]}"))
    rows = count_rows(con, address)
    con.execute(f"COPY (SELECT {plan.selection} FROM {address}) TO {quote(file)} (FORMAT parquet)")
    con.execute(f"DROP TABLE {address}")
    create_table(con, address, (field for field, _ in plan.kept))
    if rows:
        add_files(con, address, [file])
    if (copied := count_rows(con, address)) != rows:
        raise RuntimeError(f"{address} stays as it was: {copied:,} of {count_nouns(rows, 'row')} copied")


def add_files(con: DuckDBPyConnection, address: str, files: Iterable[str]) -> None:
    """Register files, which have all columns of the table. DuckLake would take files that lack some, too, and then
    answer wrongly what is asked of those."""
    schema, _, name = address.partition(".")
    listed = ", ".join(map(quote, files))
    con.execute(f"CALL ducklake_add_data_files('lake', '{name}', [{listed}], schema => '{schema}')")


def count_rows(con: DuckDBPyConnection, address: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {address}").fetchone()
    return int(row[0]) if row else 0


def find_beginning(con: DuckDBPyConnection, address: str) -> int:
    """The snapshot in which a table was made, or last made anew: the feed of its changes does not reach further."""
    query = """
        SELECT max(begin_snapshot) FROM __ducklake_metadata_lake.ducklake_table
        WHERE end_snapshot IS NULL AND table_name = ? AND schema_id IN (
            SELECT schema_id FROM __ducklake_metadata_lake.ducklake_schema
            WHERE schema_name = ? AND end_snapshot IS NULL
        )
    """
    schema, _, name = address.partition(".")
    row = con.execute(query, [name, schema]).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def read_schema_version(con: DuckDBPyConnection) -> tuple[str, int]:
    """Where the lake lies, and a number that grows whenever any of its tables or views is made or altered: cheaper to
    ask than all columns are. What the connection's own transaction has altered does not count yet."""
    return con.execute(f"FROM system.main.postgres_query('__ducklake_metadata_lake', {quote(VERSION)})").fetchall()[0]


def read_columns(con: DuckDBPyConnection, database: str = "lake") -> dict[str, Fields]:
    """The columns of every table of a database by address."""
    rows = con.execute(
        """SELECT schema_name || '.' || table_name, column_name, data_type, is_nullable, coalesce(comment, '')
           FROM duckdb_columns() WHERE database_name = ? AND NOT internal ORDER BY table_oid, column_index""",
        [database],
    ).fetchall()
    found: dict[str, Fields] = {}
    for address, name, kind, is_nullable, comment in rows:
        found.setdefault(address, {})[name] = LakeColumn(name, kind, is_nullable, comment=comment)
    return found
