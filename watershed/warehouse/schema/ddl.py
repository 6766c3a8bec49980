"""From a contract to tables in the lake: made where they are missing, changed where the contract was
(warehouse/schema/evolution.py). What cannot be done concerns its table alone, and all others are ready all the same.

Views and macros are made when they are missing, and made anew when their file changed, which a digest in the ledger
tells: making one is a snapshot, whether or not it is the same as before.
"""

from collections.abc import Iterable, Mapping

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection

from watershed.declarations import list_tables
from watershed.declarations.table import Column, Table
from watershed.warehouse.connection import quote
from watershed.warehouse.lake_version import is_up_to_date, note_lake_version, read_lake_version, upgrade_lake
from watershed.warehouse.ledger.tables import (
    declare_ledger,
    digest_ledger_views,
    note_definition,
    prepare_ledger,
    prepare_ledger_views,
)
from watershed.warehouse.schema.copying import (
    comment_columns,
    copy_table,
    create_table,
    read_columns,
    read_schema_version,
)
from watershed.warehouse.schema.evolution import ContractBroken, Fields, describe_columns, plan_table
from watershed.warehouse.schema.marts import Mart, as_table, list_marts
from watershed.warehouse.schema.sql_headers import order_by_reads
from watershed.warehouse.schema.statistics import is_settled
from watershed.warehouse.schema.views import View, find_view, list_views

SCHEMAS = ("core", "speed", "serve", "mart", "quarantine", "ledger", "ml")
UNFIT = (duckdb.BinderException, duckdb.CatalogException)  # what an SQL file names and the lake has not

PREPARED: set[tuple[object, ...]] = set()  # what this process has seen to be as declared

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


def prepare_lake(con: DuckDBPyConnection) -> dict[str, str]:
    """Make what is missing, and change what was declared otherwise since: schemas, the ledger, for every contract its
    table and its quarantine, marts and views. A lake of an older version is brought up to date first. Returns why it
    could not be done, a sentence by address.

    Cheap when there is nothing to do. Runs in the caller's transaction, under the publish lock. Raises
    NotUpgraded.
    """
    con.execute("".join(f"CREATE SCHEMA IF NOT EXISTS {name};" for name in SCHEMAS))
    existing, version = read_columns(con), read_lake_version(con)
    if told := upgrade_lake(con, existing, version):
        existing = read_columns(con)
    prepare_ledger(con, existing)
    note_lake_version(con, version)
    problems: dict[str, str] = {}
    for address, columns in list_declared().items():
        try:
            told += adapt_table(con, address, describe_columns(address, columns), existing.get(address, {}))
        except ContractBroken as error:
            problems[address] = str(error)
    digests = read_digests(con)
    prepare_ledger_views(con, digests)
    marts_and_views: list[Mart | View] = [*list_marts(), *list_views()]
    for declared in order_by_reads(marts_and_views, list_needed):
        try:
            if isinstance(declared, Mart):
                told += adapt_mart(con, declared, existing.get(declared.address, {}))
            elif digests.get(declared.address) != declared.digest:
                define_view(con, declared)
        except (ContractBroken, *UNFIT) as error:
            why = str(error).splitlines()[0]
            problems[declared.address] = f"{declared.address} stays as it was, its SQL does not fit the lake: {why}"
    if told:
        con.execute(f"CALL lake.set_commit_message('watershed', {quote(format_message(told))})")
    return problems


def format_message(told: list[str]) -> str:
    return f"follow the contracts: {'; '.join(told)}"


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


def is_prepared(
    con: DuckDBPyConnection, addresses: Iterable[str], existing: Mapping[str, Fields] | None = None
) -> bool:
    """Whether these tables, their quarantines and the ledger are as declared, and all views. `existing`: the columns of
    the lake, where somebody has read them a moment ago. A lake that was is so until a table of it is altered, or the
    declarations are."""
    addresses = list(addresses)
    digests = digest_ledger_views() | {view.address: view.digest for view in list_views()}
    seen = (read_schema_version(con), select_declared(addresses), frozenset(digests.items()))
    if seen not in PREPARED and is_as_declared(con, addresses, digests, existing):
        PREPARED.add(seen)
    return seen in PREPARED


def select_declared(addresses: Iterable[str]) -> frozenset[tuple[str, object]]:
    """What is declared of these tables, of their quarantines and of marts."""
    declared: dict[str, object] = {**list_declared(), **{mart.address: mart for mart in list_marts()}}
    wanted = {*addresses, *(f"quarantine.{address.rpartition('.')[2]}" for address in addresses)}
    return frozenset((address, declared[address]) for address in wanted & declared.keys())


def is_as_declared(
    con: DuckDBPyConnection,
    addresses: Iterable[str],
    digests: Mapping[str, str],
    existing: Mapping[str, Fields] | None,
) -> bool:
    if not is_up_to_date(con):
        return False
    existing = read_columns(con) if existing is None else existing
    if any(columns.keys() - existing.get(address, {}).keys() for address, columns in declare_ledger().items()):
        return False
    try:
        declared = describe_wanted(con, addresses)
        if any(is_behind(address, wanted, existing.get(address, {})) for address, wanted in declared.items()):
            return False
    except (ContractBroken, *UNFIT):
        return False
    found = read_digests(con)
    return is_settled(found) and all(found.get(address) == digest for address, digest in digests.items())


def describe_wanted(con: DuckDBPyConnection, addresses: Iterable[str]) -> dict[str, Fields]:
    """The declared columns of these tables, and of their quarantines. What is not declared any more is left out."""
    declared, marts = list_declared(), {mart.address: mart for mart in list_marts()}
    wanted = {}
    for address in addresses:
        for one in {address, f"quarantine.{address.rpartition('.')[2]}"} & declared.keys():
            wanted[one] = describe_columns(one, declared[one])
        if address in marts:
            mart = describe_mart(con, marts[address], marts[address].empty)
            wanted[address] = describe_columns(address, mart.columns)
    return wanted


def is_behind(address: str, wanted: Fields, found: Fields) -> bool:
    return not found or bool(plan_table(address, wanted, found).told)


def describe_mart(con: DuckDBPyConnection, mart: Mart, query: str | None = None) -> Table:
    """A mart as a contract, its types from DuckDB's plan of the query: nothing is computed."""
    con.execute("SET VARIABLE day = DATE '1970-01-01'")
    return as_table(mart, con.execute(f"SELECT * FROM ({query or mart.sql}) LIMIT 0").to_arrow_table().schema)


def define_view(con: DuckDBPyConnection, view: View) -> None:
    """Make a view or macro, or replace it, and remember as what."""
    con.execute(view.statement)
    note_definition(con, view.address, view.digest)


def read_digests(con: DuckDBPyConnection) -> dict[str, str]:
    """What each view and macro was last made from."""
    latest = "SELECT name, arg_max(digest, snapshot_id) FROM ledger.definitions GROUP BY name"
    return dict(con.execute(latest).fetchall())


def adapt_table(con: DuckDBPyConnection, address: str, wanted: Fields, existing: Fields) -> list[str]:
    """Make a table, or what it lacks. Returns what was changed, a phrase each. Raises ContractBroken, and then nothing
    was."""
    if not existing:
        create_table(con, address, wanted.values())
        return []
    plan = plan_table(address, wanted, existing)
    if plan.is_copied:
        copy_table(con, address, plan)
    elif plan.told:
        for action in plan.actions:
            con.execute(f"ALTER TABLE {address} {action}")
        comment_columns(con, address, (field for name, field in wanted.items() if name not in existing))
    return [f"{address}: {told}" for told in plan.told]


def adapt_mart(con: DuckDBPyConnection, mart: Mart, existing: Fields) -> list[str]:
    """As `adapt_table`. A mart of other types is made anew, empty, and all of its builds are void: it is stale."""
    wanted = describe_columns(mart.address, describe_mart(con, mart, mart.empty).columns)
    try:
        return adapt_table(con, mart.address, wanted, existing)
    except ContractBroken:
        con.execute(f"DROP TABLE {mart.address}")
        adapt_table(con, mart.address, wanted, {})
        void_builds(con, mart.address)
        return [f"{mart.address} is made anew"]


def void_builds(con: DuckDBPyConnection, address: str) -> None:
    """Say of all that was built of a mart that it was built from nothing, which makes it stale."""
    con.execute(
        """INSERT INTO ledger.inputs BY NAME
           SELECT 'made anew' AS run_id, (SELECT id + 1 FROM ducklake_current_snapshot('lake')) AS snapshot_id,
                  table_name, day, -1 AS input_snapshot_id
           FROM ledger.inputs WHERE table_name = ? GROUP BY table_name, day""",
        [address],
    )
