"""Check: rules run over the staged files; rows that fail leave them for quarantine."""

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import date
from uuid import uuid4

from duckdb import DuckDBPyConnection

from watershed.declarations import load_tables
from watershed.declarations.table import Stream, Table
from watershed.flows.begun import Run
from watershed.flows.checked import Checked, DayCount, write_checked
from watershed.flows.histories.settle import settle_history
from watershed.flows.ingest.find_duplicates import tell_untold
from watershed.flows.ingest.park import park_rows
from watershed.flows.landed import Landed, read_landed
from watershed.flows.staged import StagedTable, read_staged
from watershed.lake.store import Store, table_key
from watershed.quality.verdict import RuleResult, Verdict
from watershed.settings import find_home
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import count_rows_per_day, utc_now
from watershed.warehouse.staged_fit import fit_files, read_targets


def check_table(run: Run, table: Table) -> dict[str, int]:
    """Check one table's staged files, in whichever layer the run publishes it. Leaves `check_<table>.json` and a Data
    Docs page.

    Returns the number of rules evaluated and failed, and of rows quarantined.
    """
    landed, staged = read_landed(run), read_staged(run)
    table = landed.find_table(table.name)
    began = time.monotonic()
    with closing(connect()) as con:
        own = fit_staged(con, table, staged.tables[table.name])
        leaving = [*own.tallies, *landed.settled.superseded]
        checks, blocking, failing = judge_files(con, table, own, staged.tables, run.id, leaving)
        checks += tell_untold(landed.source, own.untold)
        if table.replaces == "key" and not blocking:  # what is not published need not be folded anew
            own = settle_history(con, table, staged, failing, run)
        else:
            own = settle_rows(con, table, own, failing, run)
        quarantine, tallies = park_rows(con, table, own, messages_sql(landed, run.store), run)
        counts = count_days(con, table, own.files)
        checked = Checked(
            files=own.files,
            quarantine=quarantine,
            tallies=tallies,
            written=sum_objects(counts),
            quarantined=count_by_object(con, quarantine),
            days=list_days(table, counts, list(tallies)),
            checks=checks,
            blocked=" ".join(blocking),
            ms=round((time.monotonic() - began) * 1000),
        )
    write_checked(run, table, checked)
    failed = sum(not check.is_success for check in checks)
    return {"rules": len(checks), "failed": failed, "quarantined": sum(checked.quarantined.values())}


def fit_staged(con: DuckDBPyConnection, table: Table, own: StagedTable) -> StagedTable:
    """What is staged, in files that have the columns that the table has now."""
    if not own.files:
        return own
    columns = read_targets(con, [table.address])[table.address]
    return replace(own, files=list(fit_files(con, table.address, own.files, columns)))


def judge_files(
    con: DuckDBPyConnection,
    table: Table,
    own: StagedTable,
    staged: Mapping[str, StagedTable],
    run_id: str,
    leaving: list[str],
) -> tuple[list[RuleResult], list[str], str]:
    """The results of all rules, sentences of those that block, and a query for the rows that fail; a Data Docs page."""
    from watershed.quality.check import check_rows
    from watershed.quality.docs import write_page

    if not own.files:
        return [], [], EMPTY_QUARANTINE
    con.execute(f"CREATE TEMP VIEW staged AS SELECT * FROM read_parquet({list_sql(own.files)})")
    known = count_rows_per_day(con, table.address, leaving)
    as_of = utc_now()
    verdict = check_rows(con, table, "staged", as_of, find_references(staged), known)
    if not table.is_live or verdict.failed_rules or verdict.blocking:  # a page for every few seconds is none
        write_page(con, verdict, find_home() / "data_docs", run_id, as_of)
    verdict = excuse_columns(verdict, own.absent)
    failing = verdict.failing_sql if verdict.failed_rules else EMPTY_QUARANTINE
    return list(verdict.results), list(verdict.blocking), failing


def excuse_columns(verdict: Verdict, absent: dict[str, list[str]]) -> Verdict:
    """Rows of extractions that are older than a column need not have it. `absent`: by raw object those columns."""
    rules = []
    for rule in verdict.failed_rules:
        is_missing = rule.rule == f"not_null:{rule.column}"
        old = [key for key, columns in absent.items() if is_missing and rule.column in columns]
        excuse = f" AND raw_object NOT IN ({', '.join(map(quote, old))})" if old else ""
        rules.append(replace(rule, condition=f"({rule.condition}){excuse}"))
    return replace(verdict, failed_rules=tuple(rules))


def find_references(staged: Mapping[str, StagedTable]) -> dict[str, str]:
    """What rows may refer to, by table name: what is published, and what the same run is about to publish."""
    references = {}
    for name, table in load_tables().items():
        relation = f"lake.{table.address}"
        if (own := staged.get(name)) is not None and own.files:
            relation = f"(FROM {relation} UNION ALL BY NAME FROM read_parquet({list_sql(own.files)}))"
        references[name] = relation
    return references


def settle_rows(con: DuckDBPyConnection, table: Table, own: StagedTable, failing: str, run: Run) -> StagedTable:
    """What is staged without the failing rows, which are in the temporary table `failing` then."""
    con.execute(f"CREATE TEMP TABLE failing AS SELECT * FROM ({failing})")
    return replace(own, files=rewrite_files(con, own.files, "failing", table.address, run))


def messages_sql(landed: Landed, store: Store) -> str | None:
    """A query for topic, partition and offset of every message of the run; None where it took no messages."""
    if not isinstance(landed.source, Stream):
        return None
    listed = list_sql([store.address(key) for key in landed.objects])
    return f"""
        SELECT topic, partition, "offset" AS message_offset, file_row_number + 1 AS raw_line,
               substr(filename, {len(store.address("")) + 1}) AS raw_object
        FROM read_parquet({listed}, filename = true, file_row_number = true)
    """


EMPTY_QUARANTINE = """
    SELECT '' AS raw_object, 0::BIGINT AS raw_line, '' AS rule, '' AS reason, '' AS row_json WHERE false
"""


def rewrite_files(
    con: DuckDBPyConnection,
    files: list[str],
    unwanted: str,
    address: str,
    run: Run,
    by: str = "raw_object, raw_line",
) -> list[str]:
    """The files without rows that match the relation `unwanted` in the columns `by`; only files with some change."""
    if not files or con.execute(f"SELECT 1 FROM {unwanted} LIMIT 1").fetchone() is None:
        return files
    found = con.execute(
        f"""SELECT DISTINCT _file FROM read_parquet({list_sql(files)}, filename = '_file')
            SEMI JOIN {unwanted} USING ({by})"""
    ).fetchall()
    touched = {row[0] for row in found}
    kept = [file for file in files if file not in touched]
    for file in sorted(touched):
        rewritten = run.store.address(table_key(address, f"{run.id}-{uuid4().hex[:12]}"))
        remaining = f"FROM read_parquet({quote(file)}) ANTI JOIN {unwanted} USING ({by})"
        con.execute(f"COPY (SELECT * {remaining}) TO {quote(rewritten)} (FORMAT parquet)")
        kept.append(rewritten)
    return kept


def count_by_object(con: DuckDBPyConnection, files: list[str]) -> dict[str, int]:
    if not files:
        return {}
    query = f"SELECT raw_object, count(*) FROM read_parquet({list_sql(files)}) GROUP BY raw_object"
    return dict(con.execute(query).fetchall())


def count_days(con: DuckDBPyConnection, table: Table, files: list[str]) -> list[tuple[str, str | None, int]]:
    """Raw object, day and number of rows that the files hold, in one scan. A row without a day counts as of None."""
    if not files:
        return []
    day = "NULL" if table.day is None else f'CAST("{table.day}" AS DATE)::VARCHAR'
    query = f"""
        SELECT raw_object, {day}, count(*) FROM read_parquet({list_sql(files)}) GROUP BY ALL ORDER BY ALL
    """
    return con.execute(query).fetchall()


def sum_objects(counts: list[tuple[str, str | None, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for raw_object, _, rows in counts:
        total[raw_object] = total.get(raw_object, 0) + rows
    return total


def list_days(table: Table, counts: list[tuple[str, str | None, int]], own: list[str]) -> list[DayCount]:
    """The counts of real days; a history's are all put down to the latest extraction."""
    days: dict[tuple[str, str], int] = {}
    for raw_object, day, rows in counts:
        if day is not None:
            place = (own[-1] if table.replaces == "key" else raw_object, day)
            days[place] = days.get(place, 0) + rows
    return [DayCount(raw_object, date.fromisoformat(day), rows) for (raw_object, day), rows in days.items()]


def list_sql(files: list[str]) -> str:
    return "[" + ", ".join(map(quote, files)) + "]"
