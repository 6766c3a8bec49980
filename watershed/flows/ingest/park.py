"""Park: bad rows of a run become files for the quarantine, without those that have left it for good before."""

from uuid import uuid4

from duckdb import DuckDBPyConnection

from watershed.declarations.table import Table
from watershed.flows.begun import Run
from watershed.flows.staged import StagedTable, Tally
from watershed.lake.store import table_key
from watershed.warehouse.connection import quote
from watershed.warehouse.departures import departed_sql, staying_sql

NO_MESSAGES = """
    SELECT '' AS raw_object, 0::BIGINT AS raw_line, '' AS topic, 0::INTEGER AS partition, 0::BIGINT AS message_offset
    WHERE false
"""
ROW_REJECT = "raw_object, raw_line, 'parse' AS rule, problem AS reason, line::VARCHAR AS row_json"
PARSE_REJECT = "raw_object, raw_line, 'parse' AS rule, problem AS reason, to_json({line: line})::VARCHAR AS row_json"


def park_rows(
    con: DuckDBPyConnection, table: Table, staged: StagedTable, messages: str | None, run: Run
) -> tuple[list[str], dict[str, Tally]]:
    """Write the rows that were rejected, and those in the table `failing`, into a file for the quarantine, if any.

    Returns its address, and the tallies: rows that somebody has dropped are filtered ones in them instead.
    """
    reject = PARSE_REJECT if table.replaces != "key" else ROW_REJECT
    rejects = ", ".join(map(quote, staged.rejects))
    unparsed = f"SELECT {reject} FROM read_parquet([{rejects}])" if rejects else None
    failed = "FROM failing" if con.execute("SELECT 1 FROM failing LIMIT 1").fetchone() else None
    parts = [part for part in (unparsed, failed) if part]
    tallies = staged.tallies
    if not parts:
        return [], tallies
    bad = f"({' UNION ALL BY NAME '.join(parts)})"
    if not table.is_live:  # what a micro-batch brings was never there before
        bad, tallies = leave_departed(con, table, tallies, bad)
        if con.execute(f"SELECT 1 FROM {bad} LIMIT 1").fetchone() is None:
            return [], tallies
    if table.is_streamed:
        bad += f" LEFT JOIN ({messages or NO_MESSAGES}) USING (raw_object, raw_line)"
    quarantine = run.store.address(table_key(f"quarantine.{table.name}", f"{run.id}-{uuid4().hex[:12]}"))
    con.execute(f"COPY (FROM {bad}) TO {quote(quarantine)} (FORMAT parquet)")
    return [quarantine], tallies


def leave_departed(
    con: DuckDBPyConnection, table: Table, tallies: dict[str, Tally], bad: str
) -> tuple[str, dict[str, Tally]]:
    """The relation of bad rows without those that have left the quarantine, and the tallies that count these."""
    quarantine = f"quarantine.{table.name}"
    if not con.execute("SELECT 1 FROM ledger.departures WHERE quarantine = ? LIMIT 1", [quarantine]).fetchone():
        return bad, tallies  # as a rule: which lines have left is the dearer question
    con.execute(f"CREATE OR REPLACE TEMP TABLE departed AS {departed_sql(quarantine, tallies)}")
    if con.execute("SELECT 1 FROM departed LIMIT 1").fetchone() is None:
        return bad, tallies
    staying = staying_sql("FROM departed")
    left = f"SELECT raw_object, count(*) FROM {bad} AS bad WHERE NOT {staying} GROUP BY raw_object"
    gone = {key: tallies[key] + Tally(filtered=rows) for key, rows in con.execute(left).fetchall()}
    return f"(FROM {bad} AS bad WHERE {staying})", tallies | gone
