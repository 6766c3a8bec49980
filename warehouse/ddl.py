"""From a contract to tables in the lake: created when missing, widened when the contract grew, never narrowed.

Views and macros are made when they are missing, and made anew when their file changed, which a digest in the ledger
tells: making one is a snapshot, whether or not it is the same as before.
"""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from contracts import list_tables
from contracts.table import Column, Table
from warehouse.headers import order_by_reads
from warehouse.ledger_tables import declare_ledger, prepare_ledger
from warehouse.marts import Mart, as_table, list_marts
from warehouse.views import View, find_view, list_views

SCHEMAS = ("core", "speed", "serve", "mart", "quarantine", "ledger", "ml")

QUARANTINE = (
    Column("raw_object", pa.string(), "Key of the raw object that the row came from"),
    Column("raw_line", pa.int64(), "Line (or document) in that object, counted from 1"),
    Column("rule", pa.string(), "The first rule that the row failed; `parse` where it could not be read"),
    Column("reason", pa.string(), "What is wrong with it, every failed rule included"),
    Column("row_json", pa.string(), "The row as JSON; for `parse` the line as it came", personal=True),
)
MESSAGE = (
    Column("topic", pa.string(), "Topic of the message that the row came from, if it came from one", nullable=True),
    Column("partition", pa.int32(), "The message's partition of the topic", nullable=True),
    Column("message_offset", pa.int64(), "The message's offset in the partition", nullable=True),
)

DUCKDB_TYPES = {
    pa.string(): "VARCHAR",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    pa.timestamp("us"): "TIMESTAMP",
    pa.binary(): "BLOB",
}


class ContractBroken(Exception):
    """A table of the lake and its contract contradict each other."""


def spell_type(kind: pa.DataType) -> str:
    """The DuckDB type of an Arrow type. Raises TypeError for one that no contract uses yet."""
    if isinstance(kind, pa.JsonType):
        return "JSON"
    if pa.types.is_list(kind):
        return f"{spell_type(kind.value_type)}[]"
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    if (found := DUCKDB_TYPES.get(kind)) is None:
        raise TypeError(f"no DuckDB type is known for {kind}: add it to DUCKDB_TYPES in warehouse/ddl.py")
    return found


def spell_column(column: Column) -> str:
    return f'"{column.name}" {spell_type(column.type)}' + ("" if column.nullable else " NOT NULL")


def prepare_lake(con: DuckDBPyConnection) -> None:
    """Make what is missing: schemas, the ledger, for every contract its table and its quarantine, marts and views.

    Cheap when there is nothing to do. Runs in the caller's transaction, under the publish lock. Raises ContractBroken.
    """
    con.execute("".join(f"CREATE SCHEMA IF NOT EXISTS {name};" for name in SCHEMAS))
    existing = read_columns(con)
    prepare_ledger(con, existing)
    for address, columns in list_declared().items():
        adapt_table(con, address, columns, existing.get(address, {}))
    digests = read_digests(con)
    marts_and_views: list[Mart | View] = [*list_marts(), *list_views()]
    for declared in order_by_reads(marts_and_views, list_needed):
        if isinstance(declared, Mart):
            columns = describe_mart(con, declared, declared.empty).columns
            adapt_table(con, declared.address, columns, existing.get(declared.address, {}))
        elif digests.get(declared.address) != declared.digest:
            define_view(con, declared)


def list_declared() -> dict[str, tuple[Column, ...]]:
    """The columns of every table of a contract and of its quarantine, if it has one, by address."""
    declared = {}
    for table in list_tables():
        declared[table.address] = table.all_columns
        if table.is_made:
            continue
        quarantine = QUARANTINE + MESSAGE * table.is_streamed
        declared[f"quarantine.{table.name}"] = max(quarantine, declared.get(f"quarantine.{table.name}", ()), key=len)
    return declared


def list_needed(declared: Mart | View) -> list[str]:
    """What must be there first: all that it reads, but for macros with which a mart continues itself."""
    if isinstance(declared, View):
        return [*declared.reads]
    return [*declared.reads, *(v for v in declared.views if declared.address not in find_view(v).reads)]


def is_prepared(con: DuckDBPyConnection, addresses: list[str]) -> bool:
    """Whether these tables exist with all the columns that their contracts or marts declare, and views as declared."""
    existing = read_columns(con)
    declared = {address: {c.name for c in columns} for address, columns in list_declared().items()}
    declared |= {m.address: {c.name for c in m.columns} for m in list_marts()}
    declared |= {address: set(columns) for address, columns in declare_ledger().items()}
    parked = (f"quarantine.{address.rpartition('.')[2]}" for address in addresses)
    wanted = {*addresses, *(address for address in parked if address in declared), *declare_ledger()}
    if not all(declared.get(address, {"snapshot_id"}) <= set(existing.get(address, ())) for address in wanted):
        return False
    digests = read_digests(con)
    return all(digests.get(view.address) == view.digest for view in list_views())


def describe_mart(con: DuckDBPyConnection, mart: Mart, query: str | None = None) -> Table:
    """A mart as a contract, its types from DuckDB's plan of the query: nothing is computed."""
    con.execute("SET VARIABLE day = DATE '1970-01-01'")
    return as_table(mart, con.execute(f"SELECT * FROM ({query or mart.sql}) LIMIT 0").to_arrow_table().schema)


def define_view(con: DuckDBPyConnection, view: View) -> None:
    """Make a view or macro, or replace it, and remember as what."""
    con.execute(view.statement)
    con.execute(
        "INSERT INTO ledger.definitions SELECT ?, ?, id + 1 FROM ducklake_current_snapshot('lake')",
        [view.address, view.digest],
    )


def read_digests(con: DuckDBPyConnection) -> dict[str, str]:
    """What each view and macro was last made from."""
    latest = "SELECT name, arg_max(digest, snapshot_id) FROM ledger.definitions GROUP BY name"
    return dict(con.execute(latest).fetchall())


def adapt_table(con: DuckDBPyConnection, address: str, columns: tuple[Column, ...], existing: dict[str, str]) -> None:
    if not existing:
        con.execute(f"CREATE TABLE IF NOT EXISTS {address} ({', '.join(map(spell_column, columns))})")
        comment_columns(con, address, columns)
    for column in columns if existing else ():
        wanted = spell_type(column.type)
        if (found := existing.get(column.name)) is None:
            con.execute(f'ALTER TABLE {address} ADD COLUMN "{column.name}" {wanted}{spell_default(column)}')
            comment_columns(con, address, (column,))
        elif found != wanted:
            raise ContractBroken(
                f"{address}.{column.name} is {found} in the lake and {wanted} in its contract: "
                "give the changed column a new name, or drop the table and rebuild it from raw"
            )


def spell_default(column: Column) -> str:
    """What rows have that are there before the column."""
    return "" if column.default is None else " DEFAULT '{}'".format(str(column.default).replace("'", "''"))


def comment_columns(con: DuckDBPyConnection, address: str, columns: tuple[Column, ...]) -> None:
    for column in columns:
        text = column.description + (f" [{column.unit}]" if column.unit else "")
        quoted = text.replace("'", "''")
        con.execute(f"COMMENT ON COLUMN {address}.\"{column.name}\" IS '{quoted}'")


def read_columns(con: DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """DuckDB type by column by table address."""
    rows = con.execute(
        """SELECT schema_name || '.' || table_name, column_name, data_type
           FROM duckdb_columns() WHERE database_name = 'lake'"""
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for address, column, kind in rows:
        found.setdefault(address, {})[column] = kind
    return found
