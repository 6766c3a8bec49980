"""Why objects are refused: the reasons that their quarantine would have had, counted, with a few rows of each.

Nothing of a refused object is published, its bad rows neither. What a person needs to decide about it is kept in
`ledger.refusal_reasons`: by table the most frequent reasons, in which numbers are N that differ, and the first rows of
each, with personal values masked as on the page Quarantine.
"""

import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, dataclass

from duckdb import DuckDBPyConnection

from watershed.declarations.counting import count_nouns
from watershed.declarations.masking import mask_quarantined
from watershed.declarations.table import Table
from watershed.flows.ingest.check import list_sql
from watershed.flows.ingest.checked_run import CheckedRun
from watershed.warehouse.connection import connect
from watershed.warehouse.departures import PATTERN, format_reasons, told_sql
from watershed.warehouse.ledger.rows import RefusalReasonRow

MOST_REASONS = 20  # of an object in a table; the others are counted together
SAMPLES = 5  # of a reason
SHOWN_LENGTH = 400  # characters of a value
# In place of a rule: the object as such cannot be read, or is refused for another one; what is beyond the most.
WHOLE, FOR_ANOTHER, OTHERS = "object", "another", "others"

REASONS = f"""
    SELECT raw_object, rule, {told_sql()}, count(*) AS row_count,
           arg_min(
               struct_pack(raw_line := raw_line, reason := reason, row_json := row_json), raw_line, {SAMPLES}
           ) AS samples
    FROM read_parquet({{files}}) WHERE list_contains(?, raw_object)
    GROUP BY raw_object, rule, {PATTERN}
    QUALIFY row_number() OVER (PARTITION BY raw_object ORDER BY count(*) DESC, rule, min(reason)) <= {MOST_REASONS}
    ORDER BY raw_object, row_count DESC, rule, reason
"""
KEPT = """
    SELECT table_name, rule, reason, row_count, samples_json FROM ledger.refusal_reasons
    WHERE raw_object = ? AND run_id = (
        SELECT arg_max(run_id, snapshot_id) FROM ledger.refusal_reasons WHERE raw_object = ?
    )
    ORDER BY table_name, row_count DESC, rule, reason
"""


@dataclass(frozen=True)
class Sample:
    """A bad row of a refused object: its line, why it is bad, and its fields, personal values masked."""

    raw_line: int
    reason: str
    fields: dict[str, str]


def find_reasons(con: DuckDBPyConnection, run: CheckedRun, refused: dict[str, str]) -> list[RefusalReasonRow]:
    """At least one for every refused object, whose sentence it is then."""
    if not refused:
        return []
    found = [
        row for table in run.tables for row in (*find_broken(run, table, refused), *count_bad(con, run, table, refused))
    ]
    untold = refused.keys() - {row.raw_object for row in found}
    whole = {key: WHOLE if key in run.staged.refused else FOR_ANOTHER for key in refused if key in untold}
    return found + [make_row(run, key, None, rule, refused[key], 0) for key, rule in whole.items()]


def find_broken(run: CheckedRun, table: Table, refused: dict[str, str]) -> list[RefusalReasonRow]:
    """Rules about the table as a whole that are broken, for each object that it is refused for."""
    checked = run.checked[table.name]
    if not checked.blocked:
        return []
    broken = [check for check in checked.checks if not check.is_success and check.severity == "critical"]
    return [
        make_row(run, key, table, check.rule, check.reason or checked.blocked, check.rows_failed)
        for key in run.staged.tables[table.name].tallies
        if key in refused
        for check in broken
    ]


def count_bad(
    con: DuckDBPyConnection, run: CheckedRun, table: Table, refused: dict[str, str]
) -> list[RefusalReasonRow]:
    checked = run.checked[table.name]
    left = {key: count for key, count in checked.quarantined.items() if key in refused}
    if not left:
        return []
    found = []
    query = REASONS.format(files=list_sql(checked.quarantine))
    for key, rule, *told, count, samples in con.execute(query, [list(left)]).fetchall():
        masked = [mask_sample(table, rule, **one) for one in samples]
        found.append(make_row(run, key, table, rule, format_reasons(*told), count, masked))
        left[key] -= count
    return found + [make_row(run, key, table, OTHERS, "other reasons", count) for key, count in left.items() if count]


def make_row(
    run: CheckedRun, key: str, table: Table | None, rule: str, reason: str, count: int, samples: Iterable[Sample] = ()
) -> RefusalReasonRow:
    told = json.dumps([asdict(sample) for sample in samples], ensure_ascii=False)
    return RefusalReasonRow(run.source.name, key, table.address if table else None, rule, reason, count, told)


def mask_sample(table: Table, rule: str, raw_line: int, reason: str, row_json: str) -> Sample:
    """A row with those fields left out that are empty or say where it came from."""
    masked = mask_quarantined(table, rule, row_json)
    shown = {
        name: value for name, value in masked.items() if value is not None and name not in ("raw_object", "raw_line")
    }
    fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in shown.items()}
    return Sample(raw_line, shorten(reason), {name: shorten(text) for name, text in fields.items()})


def shorten(text: str) -> str:
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}… ({len(text):,} characters)"


def add_reasons(refused: dict[str, str], reasons: Iterable[RefusalReasonRow]) -> dict[str, str]:
    """The sentences, with the most frequent reason of each object that has bad rows, and where the others are."""
    most: dict[str, RefusalReasonRow] = {}
    for row in reasons:
        known = most.get(row.raw_object)
        if row.rule not in (WHOLE, FOR_ANOTHER, OTHERS) and (known is None or row.row_count > known.row_count):
            most[row.raw_object] = row
    return {key: f"{why} ({format_most(most[key])})" if key in most else why for key, why in refused.items()}


def format_most(row: RefusalReasonRow) -> str:
    rows = count_nouns(row.row_count, "row") if row.row_count else row.table_name
    return f"most often: {shorten(row.reason)}, {rows}; `watershed refused {row.raw_object}` shows all"


def list_reasons(key: str) -> list[tuple[str | None, str, str, int, list[Sample]]]:
    """Why an object was refused the last time: table (None: the object as such), rule, reason, rows and samples."""
    with closing(connect(read_only=True)) as con:
        rows = con.execute(KEPT, [key, key]).fetchall()
    return [
        (table, rule, reason, count, [Sample(**one) for one in json.loads(samples)])
        for table, rule, reason, count, samples in rows
    ]
