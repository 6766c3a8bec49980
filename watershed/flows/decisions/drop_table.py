"""Drop a table: it leaves the lake, quarantine and twin in the other layer with it, because a person has decided so.

What is still declared is made anew, empty, in the same transaction, so that no reader finds it missing. Its books say
from then on that every row was filtered, its days that they are empty: marts follow, and a rebuild from raw fills it.
A mart is stale wherever it was built. Versions of before keep the rows until they expire.
"""

from collections import Counter
from contextlib import closing

from duckdb import DuckDBPyConnection

from watershed.declarations.counting import count_nouns
from watershed.declarations.nearby import explain_unknown
from watershed.errors import NotFound
from watershed.flows.decisions.decide import DataChange, Decision, outcome_sql
from watershed.flows.decisions.rollback import keep_books
from watershed.settings import load_settings
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import fetch_column, list_days_of, name_quarantine, write_ledger
from watershed.warehouse.ledger.rows import DayRow, OutcomeRow
from watershed.warehouse.publication import LedgerRows
from watershed.warehouse.publish import Publication, TablePart, hold_lock, read_snapshot, transact
from watershed.warehouse.replacing import list_layers, write_row_changes
from watershed.warehouse.schema.copying import count_rows, read_columns
from watershed.warehouse.schema.ddl import prepare_lake, void_builds

SCHEMAS = ("core", "speed", "mart", "ml")
TWINS = {"core": "speed", "speed": "core"}


def check_drop(name: str) -> str:
    """The address of the table called `requests` or `core.requests`, declared or not. Raises NotFound for what is
    none, InvalidInput for what is not dropped."""
    with closing(connect(read_only=True)) as con:
        there = [address for address in read_columns(con) if address.partition(".")[0] in SCHEMAS]
        views = fetch_column(con, "SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE NOT internal")
    found = [address for address in there if name in (address, address.partition(".")[2]) and address not in views]
    if not found:
        raise NotFound(f"{explain_unknown('table', name, there)} `watershed tables` lists those that can be dropped")
    return min(found)  # core before speed, which goes with it


def drop_table(decision: Decision, run_id: str) -> DataChange:
    """Carry out a decision of the kind drop_table. `rows` are those that left."""
    settings = load_settings()
    with closing(connect(settings)) as con, hold_lock(settings), transact(con):
        if con.execute(outcome_sql(decision.decision_id)).fetchone():
            return DataChange()
        snapshot, existing = read_snapshot(con) + 1, read_columns(con)
        tables = [address for address in list_twins(decision.subject) if address in existing]
        publication = compose(con, tables, decision, run_id)
        gone = {*tables, *map(name_quarantine, tables)} & existing.keys()
        counts = Counter({address: count_rows(con, address) for address in gone})
        rows = sum(counts[address] for address in tables)
        for address in gone:
            con.execute(f"DROP TABLE {address}")
        prepare_lake(con)
        publication.rows.outcomes.append(OutcomeRow(decision.decision_id, rows))
        write_ledger(con, publication, snapshot)
        write_row_changes(con, run_id, snapshot, Counter(), counts)
        for address in tables:
            void_builds(con, address)
        about = f"drop {decision.subject}: {count_nouns(rows, 'row')}, because {decision.reason}"
        con.execute(f"CALL lake.set_commit_message({quote(decision.decided_by)}, {quote(about)})")
    return DataChange(rows, days=sorted({str(row.day) for row in publication.rows.days}), snapshot=snapshot)


def list_twins(address: str) -> list[str]:
    """The table in both layers, whether or not it is declared."""
    schema, _, name = address.partition(".")
    twins = [address, f"{TWINS[schema]}.{name}"] if schema in TWINS else [address]
    return sorted({*twins, *(one for one in list_layers(address) if schema in TWINS)})


def compose(con: DuckDBPyConnection, tables: list[str], decision: Decision, run_id: str) -> Publication:
    """What the ledger is told: of every raw object of these tables, that it has no rows in them any more."""
    books, days = [], []
    for address in tables:
        objects = fetch_column(con, "SELECT DISTINCT raw_object FROM ledger.books WHERE table_name = ?", [address])
        books += keep_books(con, address, read_snapshot(con), objects, {}, {})
        days += [DayRow(address, key, day, 0) for key, day in list_days_of(con, [address], objects)[address]]
    parts = tuple(TablePart(address, ()) for address in tables)
    rows = LedgerRows(days=days)
    return Publication(run_id, decision.subject, decision.decided_by, parts, tuple(books), rows)
