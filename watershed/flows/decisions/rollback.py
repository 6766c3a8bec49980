"""Rollback: a table becomes what it was in an earlier version of the lake, as a new snapshot with a reason.

Rows change by the publish of their raw object: objects that were published into the table after that version, up to
the decision, go back, in table and quarantine. Histories are written again whole: later extractions end their rows.

The books go back too: an object counts the rows that it has now, and those that left as filtered. Nothing of it is new
to ingest runs, so it stays away until its days are rebuilt from raw. Offsets of streams do not go back.
"""

from contextlib import closing
from datetime import date
from uuid import uuid4

from duckdb import DuckDBPyConnection

from watershed.declarations.table import Table
from watershed.errors import InvalidInput
from watershed.flows.decisions.decide import DataChange, Decision, is_carried_out, outcome_sql, record_outcome
from watershed.flows.decisions.restorable import find_restorable, verify_version
from watershed.flows.ingest.announce import publish
from watershed.flows.ingest.check import count_by_object, list_sql
from watershed.lake.store import open_store, table_key
from watershed.settings import load_settings
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.departures import departed_sql, staying_sql
from watershed.warehouse.ledger.history import fetch_column, list_days_of
from watershed.warehouse.ledger.rows import DayRow, OutcomeRow
from watershed.warehouse.publication import Books, LedgerRows
from watershed.warehouse.publish import Overtaken, Publication, TablePart, hold_lock, read_snapshot, transact
from watershed.warehouse.replacing import list_layers
from watershed.warehouse.schema.copying import read_columns
from watershed.warehouse.schema.evolution import ContractBroken, LakeColumn, name_column, plan_table, select_column
from watershed.warehouse.staged_fit import read_targets

TRIES = 5
# Messages whose replay goes back are in quarantine again; what somebody has dropped stays away.
OBJECTS_SINCE = """
    SELECT DISTINCT raw_object FROM (
        SELECT raw_object, table_name, snapshot_id FROM ledger.books
        UNION ALL SELECT raw_object, table_name, snapshot_id FROM ledger.days
        UNION ALL SELECT raw_object, now.table_name, left_so.snapshot_id
        FROM ledger.departures AS left_so JOIN ledger.latest_books AS now USING (raw_object)
        WHERE quarantine = 'quarantine.' || split_part(now.table_name, '.', 2)
            AND left_so.run_id NOT IN (
                SELECT run_id FROM ledger.outcomes JOIN ledger.decisions USING (decision_id) WHERE kind = 'drop'
            )
    ) WHERE table_name = ? AND snapshot_id > ? AND snapshot_id <= ? ORDER BY raw_object
"""
# What the books said then; of an object that was not there yet, what they said first.
BOOKS_THEN = """
    SELECT source, raw_object, object_name, object_bytes, sha256, arrived_at, rows_read,
           CASE WHEN snapshot_id <= $version THEN rows_deduplicated ELSE 0 END, origin
    FROM ledger.books WHERE table_name = $address AND list_contains($objects, raw_object)
    QUALIFY row_number() OVER (
        PARTITION BY raw_object
        ORDER BY snapshot_id > $version, CASE WHEN snapshot_id > $version THEN snapshot_id ELSE -snapshot_id END
    ) = 1
"""


def check_rollback(address: str, version: int) -> int:
    """Whether a table can go back to a version. Returns how many raw objects would.

    Raises InvalidInput for a table that cannot, or that is today as it was then; NotFound for a version that there is
    not.
    """
    table = find_restorable(address)
    with closing(connect()) as con:
        verify_version(con, table, version)
        objects = fetch_column(con, OBJECTS_SINCE, [table.address, version, read_snapshot(con)])
    if not objects:
        raise InvalidInput(f"{address} is today as it was in snapshot {version}: there is nothing to roll back")
    return len(objects)


def roll_back(decision: Decision, run_id: str) -> DataChange:
    """Carry out a decision of the kind rollback: `rows` came back, and `left` went. Raises Overtaken when it is carried
    out already, and what check_rollback raises."""
    table, version = find_restorable(decision.subject), int(decision.about.version or 0)
    for left in reversed(range(TRIES)):
        with closing(connect()) as con:
            verify_version(con, table, version)
            with transact(con):  # one transaction: everything as of one snapshot
                publication = compose(con, table, version, decision, run_id)
                before = count_rows(con, table.address, [line.raw_object for line in publication.books])
        if not publication.books:
            record_outcome(decision.decision_id, run_id)
            return DataChange()
        free_columns(table.address, publication.parts[0].files)
        try:
            snapshot = publish(publication)
        except Overtaken:
            with closing(connect()) as con:
                if not left or is_carried_out(con, decision.decision_id):
                    raise
            continue
        back = sum(line.rows_written for line in publication.books)
        days = sorted({str(row.day) for row in publication.rows.days})
        return DataChange(back, before, days, snapshot)
    raise AssertionError("unreachable")


def compose(con: DuckDBPyConnection, table: Table, version: int, decision: Decision, run_id: str) -> Publication:
    now = read_snapshot(con)
    until = now if table.replaces == "key" else decision.snapshot_id
    objects = fetch_column(con, OBJECTS_SINCE, [table.address, version, until])
    own = f"raw_object IN (SELECT unnest({list_sql(objects)}))" if objects else "false"
    quarantine = f"quarantine.{table.name}"
    staying = f"{own} AND {staying_sql(departed_sql(quarantine, objects, dropped_only=True))}"
    parked = stage_version(con, quarantine, version, staying, run_id)
    is_whole = table.replaces == "key"
    files = stage_version(con, table.address, version, "true" if is_whole else own, run_id)
    books = keep_books(con, table.address, version, objects, count_by_object(con, files), count_by_object(con, parked))
    staged = sum(count_by_object(con, files).values())
    part = TablePart(
        table.address,
        tuple(files),
        tuple(parked),
        replaced="true" if is_whole else None,
        carried=staged - sum(line.rows_written for line in books),
    )
    outcome = OutcomeRow(decision.decision_id, sum(line.rows_written for line in books))
    return Publication(
        run_id=run_id,
        subject=table.address,
        actor=decision.decided_by,
        parts=(part,),
        books=tuple(books),
        rows=LedgerRows(days=find_days(con, table, files, objects), outcomes=[outcome]),
        overtaken=f"{outcome_sql(decision.decision_id)} UNION ALL {newer_sql(table, objects, now)}",
        reason=f"{decision.reason} (rolled back to snapshot {version})",
    )


def stage_version(con: DuckDBPyConnection, address: str, version: int, condition: str, run_id: str) -> list[str]:
    """Copy rows as they were beside the table's files, in the columns of today: what came later is null, what was
    renamed has its new name. Returns addresses. Raises InvalidInput where a value of then has no place today."""
    file = open_store().address(table_key(address, f"{run_id}-{uuid4().hex[:12]}"))
    then = f"FROM (FROM {address} AT (VERSION => {version})) AS bad WHERE {condition}"
    if con.execute(f"SELECT 1 {then} LIMIT 1").fetchone() is None:
        return []
    con.execute(f"COPY (SELECT {columns_sql(con, address, version)} {then}) TO {quote(file)} (FORMAT parquet)")
    return [file]


def columns_sql(con: DuckDBPyConnection, address: str, version: int) -> str:
    described = con.execute(f"DESCRIBE FROM {address} AT (VERSION => {version})").fetchall()
    wanted = read_targets(con, [address])[address]
    try:
        plan = plan_table(address, wanted, {name: LakeColumn(name, kind) for name, kind, *_ in described})
    except ContractBroken as error:
        why = f"{address} cannot go back to snapshot {version}, whose types it does not hold today: {error}"
        raise InvalidInput(why) from None
    return ", ".join(select_column(new, old) for new, old in plan.kept if new.name in wanted)


def free_columns(address: str, files: tuple[str, ...]) -> None:
    """Allow nulls in the columns that have some in these files: DuckLake would take them, and then answer wrongly."""
    settings = load_settings()
    with closing(connect(settings)) as con, hold_lock(settings), transact(con):
        strict = [field.name for field in read_columns(con)[address].values() if not field.is_nullable]
        counts = ", ".join(f"count(*) - count({name_column(name)})" for name in strict)
        row = con.execute(f"SELECT {counts} FROM read_parquet({list_sql([*files])})").fetchone() if files else None
        for name, nulls in zip(strict, row or (), strict=bool(row)):
            if nulls:
                con.execute(f"ALTER TABLE {address} ALTER COLUMN {name_column(name)} DROP NOT NULL")


def keep_books(
    con: DuckDBPyConnection,
    address: str,
    version: int,
    objects: list[str],
    written: dict[str, int],
    parked: dict[str, int],
) -> list[Books]:
    """The books of these objects after the rollback: what is neither in the table nor in quarantine was filtered."""
    lines = []
    found = con.execute(BOOKS_THEN, {"address": address, "version": version, "objects": objects}).fetchall()
    for source, key, name, size, digest, arrived_at, read, repeated, origin in found:
        rows, bad = written.get(key, 0), parked.get(key, 0)
        repeated = min(repeated, read - rows - bad)
        rest = read - rows - bad - repeated
        about = (source, address, key, name, size, digest, arrived_at)
        lines.append(Books(*about, read, rows, bad, repeated, rest, origin))
    return lines


def find_days(con: DuckDBPyConnection, table: Table, files: list[str], objects: list[str]) -> list[DayRow]:
    """Days on which an object has rows again, and with none those that it leaves."""
    then: dict[tuple[str, date], int] = {}
    if files and objects and table.day:
        day = f'CAST("{table.day}" AS DATE)'
        query = f"""
            SELECT raw_object, {day} AS day, count(*) FROM read_parquet({list_sql(files)})
            WHERE list_contains(?, raw_object) AND {day} IS NOT NULL GROUP BY ALL
        """
        then = {(key, day): rows for key, day, rows in con.execute(query, [objects]).fetchall()}
    gone = list_days_of(con, [table.address], objects)[table.address] - set(then)
    return [DayRow(table.address, *place, rows) for place, rows in {**then, **dict.fromkeys(gone, 0)}.items()]


def newer_sql(table: Table, objects: list[str], snapshot: int) -> str:
    """A query that finds a row when what goes back was published again meanwhile; of a history, when anything was."""
    own = "true" if table.replaces == "key" else f"list_contains({list_sql(objects)}, raw_object)"
    layers = ", ".join(map(quote, list_layers(table.address)))
    return f"SELECT 1 FROM ledger.books WHERE table_name IN ({layers}) AND snapshot_id > {snapshot} AND {own}"


def count_rows(con: DuckDBPyConnection, address: str, objects: list[str]) -> int:
    row = con.execute(f"SELECT count(*) FROM {address} WHERE list_contains(?, raw_object)", [objects]).fetchone()
    return int(row[0]) if row else 0
