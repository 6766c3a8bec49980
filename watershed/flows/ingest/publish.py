"""Publish: what the checks left of a run becomes visible, all tables of the source at once."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from duckdb import DuckDBPyConnection

from watershed.declarations.table import Source, Table
from watershed.flows.decisions.decide import list_accepted, outcome_sql
from watershed.flows.ingest.announce import publish
from watershed.flows.ingest.blocked import alert_when_blocked
from watershed.flows.ingest.check import count_by_object, rewrite_files
from watershed.flows.ingest.checked_run import CheckedRun, read_run
from watershed.flows.ingest.extract_database import leave_superseded
from watershed.flows.ingest.refusal_reasons import add_reasons, find_reasons
from watershed.flows.ingest.refuse import find_refused, list_refusal_rows
from watershed.flows.landed import Decided
from watershed.flows.streams.replay import parked_sql, taken_sql
from watershed.flows.succession.supersede import close_books, find_gone, list_successions, superseded_sql
from watershed.lake.store import RawObject
from watershed.warehouse.alerts import raise_alert
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import list_days_of, list_known_fields
from watershed.warehouse.publication import Books, LedgerRows
from watershed.warehouse.publish import Publication, TablePart


@alert_when_blocked
def publish_source(source_name: str, run_id: str, actor: str, parity: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """Publish a checked run, with the rows for `ledger.parity` that led to it, if any did.

    Objects over their budget, unreadable, or behind a blocking rule are refused, each with a sentence that is recorded
    in `ledger.refusals` and with the reasons of its rows in `ledger.refusal_reasons`; the others are published. Of a
    stream nothing is refused: that raises PublishBlocked.

    Returns `{"tables": {name: {"address", "rows", "quarantined", "days"}}, "snapshot", "refused": {key: sentence},
    "returned": [sentence]}`; the snapshot is None when the run took nothing. What is `returned` is published, and
    somebody should look at the database that it is about.
    """
    run, con = read_run(source_name, run_id), connect()
    refused = find_refused(run, list_accepted(con, source_name))
    reasons = find_reasons(con, run, refused)
    refused = add_reasons(refused, reasons)
    publication = compose_publication(con, run, refused, actor)
    publication.rows.parity.extend(parity)
    publication.rows.refusal_reasons.extend(reasons)
    snapshot = publish(publication) if run.objects or publication.books else None
    if run.source.kind == "oltp":
        leave_superseded(run.source, run.store)
    return {
        "snapshot": snapshot,
        "tables": {t.name: summarize(t, publication) for t in run.tables},
        "refused": refused,
        "returned": tell_returned(run),
    }


def tell_returned(run: CheckedRun) -> list[str]:
    """Where the database of a run is not what it was, in sentences; an alert says the same. A rebuild finds no news."""
    if run.landed.is_rebuild:
        return []
    told = [about["returned"] for about in run.staged.get("extractions", ()) if about["returned"]]
    if told:
        raise_alert("database_returned", run.source.name, told[-1])
    return told


def compose_publication(con: DuckDBPyConnection, run: CheckedRun, refused: dict[str, str], actor: str) -> Publication:
    accepted = {key: about for key, about in run.objects.items() if key not in refused}
    gone = find_gone(run, refused)
    parts, books = [], []
    rows = LedgerRows(refusals=list_refusal_rows(run, refused), objects=list_successions(run, gone))
    for table in run.tables if accepted or gone else ():
        report = drop_objects(con, table, run.reports[table.name], set(refused), run)
        staged = run.staged["tables"][table.name]
        tallies = report.get("tallies", staged["tallies"])
        books += [balance_books(run.source, table, about, tallies[key], report) for key, about in accepted.items()]
        books += close_books(con, run.source, table, gone)
        parts.append(compose_part(table, report, staged))
        rows.days.extend(find_changed_days(con, table, report, {*accepted, *gone}))
        rows.checks.extend(keep_checks(table, report["checks"]))
        rows.lateness.extend({"table_name": table.address, **row} for row in staged.get("lateness", ()))
    rows.fields.extend(find_new_fields(con, run.source, run.staged.get("fields", {}), set(accepted)))
    parts += compose_replayed(run)
    rows.offsets.extend(map(asdict, run.landed.offsets))
    rows.extractions.extend(run.staged.get("extractions", ()))
    timings = {"stage": run.staged["ms"], "check": sum(report["ms"] for report in run.reports.values())}
    publication = Publication(
        run.run_id, run.source.name, actor, tuple(parts), tuple(books), rows, timings, overtaken_sql(run)
    )
    return note_decision(publication, run.landed.decision) if run.landed.decision else publication


def note_decision(publication: Publication, decision: Decided) -> Publication:
    """The publication as that of the person who decided it, with its outcome. It gives way once that is written."""
    written = sum(line.rows_written for line in publication.books)
    rows = written if decision.row_count is None else decision.row_count
    publication.rows.outcomes.append({"decision_id": decision.decision_id, "row_count": rows})
    queries = filter(None, (publication.overtaken, outcome_sql(decision.decision_id)))
    return replace(
        publication, actor=decision.decided_by, reason=decision.reason, overtaken=" UNION ALL ".join(queries)
    )


def keep_checks(table: Table, checks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of micro-batches only what failed is recorded: there are thousands of them a day."""
    kept = [check for check in checks if not (table.is_live and check["is_success"])]
    return [{"table_name": table.address, **check} for check in kept]


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
    if "snapshot" not in run.staged:
        return None
    source, snapshot = quote(run.source.name), run.staged["snapshot"]
    return f"SELECT 1 FROM ledger.books WHERE source = {source} AND snapshot_id > {snapshot}"


def drop_objects(
    con: DuckDBPyConnection, table: Table, report: dict[str, Any], refused: set[str], run: CheckedRun
) -> dict[str, Any]:
    """The check's report without anything of the refused objects, files rewritten where they held some."""
    if not refused & (set(report["written"]) | set(report["quarantined"])):
        return report
    listed = ", ".join(map(quote, sorted(refused)))
    kept: dict[str, Any] = {}
    for what, address in (("files", table.address), ("quarantine", f"quarantine.{table.name}")):
        con.execute(f"CREATE OR REPLACE TEMP TABLE refused AS SELECT unnest([{listed}]) AS raw_object")
        kept[what] = rewrite_files(con, report[what], "refused", address, run.run_id, run.store, "raw_object")
    return (
        report
        | kept
        | {
            "written": count_by_object(con, kept["files"]),
            "quarantined": count_by_object(con, kept["quarantine"]),
            "days": [entry for entry in report["days"] if entry[0] not in refused],
        }
    )


def balance_books(
    source: Source, table: Table, about: RawObject, tally: dict[str, int], report: dict[str, Any]
) -> Books:
    return Books(
        source=source.name,
        table_name=table.address,
        raw_object=about.key,
        object_name=about.name,
        object_bytes=about.bytes,
        sha256=about.sha256,
        arrived_at=about.arrived_at,
        rows_read=tally.get("read", 0),
        rows_written=report["written"].get(about.key, 0),
        rows_quarantined=report["quarantined"].get(about.key, 0),
        rows_deduplicated=tally.get("deduplicated", 0),
        rows_filtered=tally.get("filtered", 0),
        origin=about.origin,
    )


def compose_part(table: Table, report: dict[str, Any], staged: dict[str, Any]) -> TablePart:
    """Facts are replaced by raw object, which the books name; histories by key."""
    replaced = None
    if table.replaces == "key" and report["files"]:
        key, listed = ", ".join(f'"{name}"' for name in table.key), ", ".join(map(quote, report["files"]))
        replaced = f"({key}) IN (SELECT ({key}) FROM read_parquet([{listed}]))"
    if staged.get("is_rebuild"):
        replaced = "true"
    carried = sum(count for key, count in report["written"].items() if key not in staged["tallies"])
    return TablePart(table.address, tuple(report["files"]), tuple(report["quarantine"]), replaced, carried)


def compose_replayed(run: CheckedRun) -> list[TablePart]:
    """The quarantined rows that a replay tries again leave the quarantine, wherever they go now."""
    if (parked := run.landed.parked) is None:
        return []
    return [TablePart(f"quarantine.{table}", (), replaced=parked_sql(parked, table)) for table in parked.tables]


def find_changed_days(
    con: DuckDBPyConnection, table: Table, report: dict[str, Any], accepted: set[str]
) -> list[dict[str, Any]]:
    """Days that gain rows, and with none the days that an object published again has left."""
    now = {(key, date.fromisoformat(day)): rows for key, day, rows in report["days"]}
    left = list_days_of(con, table.address, accepted) - set(now)
    return [
        {"table_name": table.address, "raw_object": key, "day": day, "row_count": rows}
        for (key, day), rows in {**now, **dict.fromkeys(left, 0)}.items()
    ]


def find_new_fields(
    con: DuckDBPyConnection, source: Source, fields: dict[str, dict[str, str]], accepted: set[str]
) -> list[dict[str, Any]]:
    """Fields of documents never seen before, and known ones with a new type. `fields`: path to type to raw object."""
    known = list_known_fields(con, source.name)
    paths = {path for path, _ in known}
    return [
        {"source": source.name, "path": path, "json_type": kind, "is_new_path": path not in paths, "raw_object": key}
        for path, kinds in fields.items()
        for kind, key in kinds.items()
        if (path, kind) not in known and key in accepted
    ]


def summarize(table: Table, publication: Publication) -> dict[str, Any]:
    own = [b for b in publication.books if b.table_name == table.address]
    return {
        "address": table.address,
        "rows": sum(b.rows_written for b in own),
        "quarantined": sum(b.rows_quarantined for b in own),
        "days": sorted({str(d["day"]) for d in publication.rows.days if d["table_name"] == table.address}),
    }
