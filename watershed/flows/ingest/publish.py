"""Publish: what the checks left of a run becomes visible, all tables of the source at once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from duckdb import DuckDBPyConnection

from watershed.declarations.table import Source, Table
from watershed.flows.begun import Run
from watershed.flows.checked import Checked
from watershed.flows.decisions.decide import list_accepted, outcome_sql
from watershed.flows.ingest.announce import publish
from watershed.flows.ingest.blocked import alert_when_blocked
from watershed.flows.ingest.check import count_by_object, rewrite_files
from watershed.flows.ingest.checked_run import CheckedRun, read_run
from watershed.flows.ingest.extract_database import leave_superseded
from watershed.flows.ingest.refusal_reasons import add_reasons, find_reasons
from watershed.flows.ingest.refuse import find_refused, list_refusal_rows
from watershed.flows.landed import Decided
from watershed.flows.published import Published, PublishedTable
from watershed.flows.staged import Staged
from watershed.flows.streams.replay import parked_sql, taken_sql
from watershed.flows.succession.supersede import close_books, find_gone, list_successions, superseded_sql
from watershed.lake.store import RawObject
from watershed.warehouse.alerts import raise_alert
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import list_days_of, list_known_fields
from watershed.warehouse.ledger.rows import (
    CheckRow,
    DayRow,
    FieldRow,
    LatenessRow,
    OutcomeRow,
    ParityRow,
)
from watershed.warehouse.publication import Books, LedgerRows
from watershed.warehouse.publish import Publication, TablePart


@alert_when_blocked
def publish_source(begun: Run, parity: Sequence[ParityRow] = ()) -> Published:
    """Publish a checked run, with the rows for `ledger.parity` that led to it, if any did.

    Objects over their budget, unreadable, or behind a blocking rule are refused, each with a sentence that is recorded
    in `ledger.refusals` and with the reasons of its rows in `ledger.refusal_reasons`; the others are published. Of a
    stream nothing is refused: that raises PublishBlocked.
    """
    run, con = read_run(begun), connect()
    refused = find_refused(run, list_accepted(con, run.source.name))
    reasons = find_reasons(con, run, refused)
    refused = add_reasons(refused, reasons)
    publication = compose_publication(con, run, refused)
    publication.rows.parity.extend(parity)
    publication.rows.refusal_reasons.extend(reasons)
    snapshot = publish(publication) if run.objects or publication.books else None
    if run.source.kind == "oltp":
        leave_superseded(run.source, run.store)
    tables = {table.name: summarize(table, publication) for table in run.tables}
    return Published(snapshot, tables, refused, tell_returned(run))


def tell_returned(run: CheckedRun) -> list[str]:
    """Where the database of a run is not what it was, in sentences; an alert says the same. A rebuild finds no news."""
    if run.landed.is_rebuild:
        return []
    told = [row.returned for row in run.staged.extractions if row.returned]
    if told:
        raise_alert("database_returned", run.source.name, told[-1])
    return told


def compose_publication(con: DuckDBPyConnection, run: CheckedRun, refused: dict[str, str]) -> Publication:
    accepted = {key: about for key, about in run.objects.items() if key not in refused}
    gone = find_gone(run, refused)
    parts, books = [], []
    rows = LedgerRows(refusals=list_refusal_rows(run, refused), objects=list_successions(run, gone))
    tables = run.tables if accepted or gone else []
    days_before = list_days_of(con, [table.address for table in tables], {*accepted, *gone})
    for table in tables:
        checked = drop_objects(con, table, run.checked[table.name], set(refused), run)
        books += [balance_books(run.source, table, about, checked) for about in accepted.values()]
        books += close_books(con, run.source, table, gone)
        parts.append(compose_part(table, checked, run.staged))
        rows.days.extend(find_changed_days(table, checked, days_before[table.address]))
        rows.checks.extend(keep_checks(table, checked))
        rows.lateness.extend(LatenessRow(table.address, **vars(one)) for one in run.staged.tables[table.name].lateness)
    rows.fields.extend(find_new_fields(con, run.source, run.staged.fields, set(accepted)))
    parts += compose_replayed(run)
    rows.offsets.extend(run.landed.offsets)
    rows.extractions.extend(run.staged.extractions)
    timings = {"stage": run.staged.ms, "check": sum(checked.ms for checked in run.checked.values())}
    publication = Publication(
        run.id, run.source.name, run.actor, tuple(parts), tuple(books), rows, timings, overtaken_sql(run)
    )
    return note_decision(publication, run.landed.decision) if run.landed.decision else publication


def note_decision(publication: Publication, decision: Decided) -> Publication:
    """The publication as that of the person who decided it, with its outcome. It gives way once that is written."""
    written = sum(line.rows_written for line in publication.books)
    rows = written if decision.row_count is None else decision.row_count
    publication.rows.outcomes.append(OutcomeRow(decision.decision_id, rows))
    queries = filter(None, (publication.overtaken, outcome_sql(decision.decision_id)))
    return replace(
        publication, actor=decision.decided_by, reason=decision.reason, overtaken=" UNION ALL ".join(queries)
    )


def keep_checks(table: Table, checked: Checked) -> list[CheckRow]:
    """Of micro-batches only what failed is recorded: there are thousands of them a day."""
    kept = (check for check in checked.checks if not (table.is_live and check.is_success))
    return [CheckRow(table.address, **vars(check)) for check in kept]


def overtaken_sql(run: CheckedRun) -> str | None:
    """Histories start from what was published when they were staged; a later publish of the source overtakes them.
    Messages are overtaken by whoever published some of them, files by what has taken their place meanwhile."""
    if offsets := run.landed.offsets:
        read = " OR ".join(f"(partition = {o.partition} AND next_offset > {o.first_offset})" for o in offsets)
        return f"SELECT 1 FROM ledger.offsets WHERE topic = {quote(offsets[0].topic)} AND ({read})"
    if parked := run.landed.parked:
        return taken_sql(parked)
    if run.landed.settled.snapshot is not None:
        return superseded_sql(run)
    if run.staged.snapshot is None:
        return None
    return f"SELECT 1 FROM ledger.books WHERE source = {quote(run.source.name)} AND snapshot_id > {run.staged.snapshot}"


def drop_objects(
    con: DuckDBPyConnection, table: Table, checked: Checked, refused: set[str], run: CheckedRun
) -> Checked:
    """What was checked without anything of the refused objects, files rewritten where they held some."""
    if not checked.holds(refused):
        return checked
    listed = ", ".join(map(quote, sorted(refused)))
    con.execute(f"CREATE OR REPLACE TEMP TABLE refused AS SELECT unnest([{listed}]) AS raw_object")
    files, quarantine = (
        rewrite_files(con, held, "refused", address, run, "raw_object")
        for held, address in ((checked.files, table.address), (checked.quarantine, f"quarantine.{table.name}"))
    )
    return replace(
        checked,
        files=files,
        quarantine=quarantine,
        written=count_by_object(con, files),
        quarantined=count_by_object(con, quarantine),
        days=[one for one in checked.days if one.raw_object not in refused],
    )


def balance_books(source: Source, table: Table, about: RawObject, checked: Checked) -> Books:
    tally = checked.tallies[about.key]
    return Books(
        source=source.name,
        table_name=table.address,
        raw_object=about.key,
        object_name=about.name,
        object_bytes=about.bytes,
        sha256=about.sha256,
        arrived_at=about.arrived_at,
        rows_read=tally.read,
        rows_written=checked.written.get(about.key, 0),
        rows_quarantined=checked.quarantined.get(about.key, 0),
        rows_deduplicated=tally.deduplicated,
        rows_filtered=tally.filtered,
        origin=about.origin,
    )


def compose_part(table: Table, checked: Checked, staged: Staged) -> TablePart:
    """Facts are replaced by raw object, which the books name; histories by key."""
    replaced = None
    if table.replaces == "key" and checked.files:
        key, listed = ", ".join(f'"{name}"' for name in table.key), ", ".join(map(quote, checked.files))
        replaced = f"({key}) IN (SELECT ({key}) FROM read_parquet([{listed}]))"
    if staged.is_rebuild:
        replaced = "true"
    carried = sum(count for key, count in checked.written.items() if key not in checked.tallies)
    return TablePart(table.address, tuple(checked.files), tuple(checked.quarantine), replaced, carried)


def compose_replayed(run: CheckedRun) -> list[TablePart]:
    """The quarantined rows that a replay tries again leave the quarantine, wherever they go now."""
    if (parked := run.landed.parked) is None:
        return []
    return [TablePart(f"quarantine.{table}", (), replaced=parked_sql(parked, table)) for table in parked.tables]


def find_changed_days(table: Table, checked: Checked, before: set[tuple[str, date]]) -> list[DayRow]:
    """Days that gain rows, and with none the days that an object published again has left. `before`: objects and days
    of what they last published."""
    now = {(key, day): rows for key, day, rows in checked.days}
    left = before - set(now)
    return [DayRow(table.address, *place, rows) for place, rows in {**now, **dict.fromkeys(left, 0)}.items()]


def find_new_fields(
    con: DuckDBPyConnection, source: Source, fields: dict[str, dict[str, str]], accepted: set[str]
) -> list[FieldRow]:
    """Fields of documents never seen before, and known ones with a new type. `fields`: path to type to raw object."""
    if not fields:
        return []
    known = list_known_fields(con, source.name)
    paths = {path for path, _ in known}
    return [
        FieldRow(source.name, path, kind, path not in paths, key)
        for path, kinds in fields.items()
        for kind, key in kinds.items()
        if (path, kind) not in known and key in accepted
    ]


def summarize(table: Table, publication: Publication) -> PublishedTable:
    own = [line for line in publication.books if line.table_name == table.address]
    return PublishedTable(
        address=table.address,
        rows=sum(line.rows_written for line in own),
        quarantined=sum(line.rows_quarantined for line in own),
        days=sorted({str(row.day) for row in publication.rows.days if row.table_name == table.address}),
    )
