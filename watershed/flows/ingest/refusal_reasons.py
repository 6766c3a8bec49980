"""Why objects are refused: the reasons that their quarantine would have had, counted, with a few rows of each.

Nothing of a refused object is published, its bad rows neither. What a person needs to decide about it is kept in
`ledger.refusal_reasons`: by table the most frequent reasons, in which numbers are N that differ, and the first rows of
each, with personal values masked as on the page Quarantine.
"""

import json
from contextlib import closing
from typing import Any

from duckdb import DuckDBPyConnection

from watershed.declarations.counting import count_nouns
from watershed.declarations.masking import mask_quarantined
from watershed.declarations.table import Table
from watershed.flows.ingest.check import list_sql
from watershed.flows.ingest.checked_run import CheckedRun
from watershed.warehouse.connection import connect
from watershed.warehouse.departures import PATTERN, format_reasons, told_sql

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


def find_reasons(con: DuckDBPyConnection, run: CheckedRun, refused: dict[str, str]) -> list[dict[str, Any]]:
    """Rows for `ledger.refusal_reasons`; at least one for every refused object, whose sentence it is then."""
    if not refused:
        return []
    found = [
        row for table in run.tables for row in (*find_broken(run, table, refused), *count_bad(con, run, table, refused))
    ]
    told = {row["raw_object"] for row in found}
    unread = run.staged.get("refused", {})
    untold = {key: why for key, why in refused.items() if key not in told}
    found += [make_row(key, None, WHOLE if key in unread else FOR_ANOTHER, why, 0, []) for key, why in untold.items()]
    return [row | {"source": run.source.name} for row in found]


def find_broken(run: CheckedRun, table: Table, refused: dict[str, str]) -> list[dict[str, Any]]:
    """Rules about the table as a whole that are broken, for each object that it is refused for."""
    report = run.reports[table.name]
    broken = [check for check in report["checks"] if not check["is_success"] and check["severity"] == "critical"]
    own = [key for key in run.staged["tables"][table.name]["tallies"] if key in refused] if report["blocked"] else []
    return [
        make_row(key, table, check["rule"], check["reason"] or report["blocked"], check["rows_failed"], [])
        for key in own
        for check in broken
    ]


def count_bad(con: DuckDBPyConnection, run: CheckedRun, table: Table, refused: dict[str, str]) -> list[dict[str, Any]]:
    report = run.reports[table.name]
    left = {key: count for key, count in report["quarantined"].items() if key in refused}
    if not left:
        return []
    found = []
    query = REASONS.format(files=list_sql(report["quarantine"]))
    for key, rule, *told, count, samples in con.execute(query, [list(left)]).fetchall():
        masked = [mask_sample(table, rule, one) for one in samples]
        found.append(make_row(key, table, rule, format_reasons(*told), count, masked))
        left[key] -= count
    return found + [make_row(key, table, OTHERS, "other reasons", count, []) for key, count in left.items() if count]


def make_row(
    key: str, table: Table | None, rule: str, reason: str, count: int, samples: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "raw_object": key,
        "table_name": table.address if table else None,
        "rule": rule,
        "reason": reason,
        "row_count": count,
        "samples_json": json.dumps(samples, ensure_ascii=False),
    }


def mask_sample(table: Table, rule: str, sample: dict[str, Any]) -> dict[str, Any]:
    """Line, reason and fields of a row, those left out that are empty or say where it came from."""
    masked = mask_quarantined(table, rule, sample["row_json"])
    shown = {
        name: value for name, value in masked.items() if value is not None and name not in ("raw_object", "raw_line")
    }
    fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in shown.items()}
    return {"raw_line": sample["raw_line"], "reason": shorten(sample["reason"])} | {
        "fields": {name: shorten(text) for name, text in fields.items()}
    }


def shorten(text: str) -> str:
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}… ({len(text):,} characters)"


def add_reasons(refused: dict[str, str], reasons: list[dict[str, Any]]) -> dict[str, str]:
    """The sentences, with the most frequent reason of each object that has bad rows, and where the others are."""
    most: dict[str, dict[str, Any]] = {}
    for row in reasons:
        known = most.get(row["raw_object"])
        if row["rule"] not in (WHOLE, FOR_ANOTHER, OTHERS) and (known is None or row["row_count"] > known["row_count"]):
            most[row["raw_object"]] = row
    return {key: f"{why} ({format_most(most[key])})" if key in most else why for key, why in refused.items()}


def format_most(row: dict[str, Any]) -> str:
    count = row["row_count"]
    rows = count_nouns(count, "row") if count else row["table_name"]
    return f"most often: {shorten(row['reason'])}, {rows}; `watershed refused {row['raw_object']}` shows all"


def list_reasons(key: str) -> list[tuple[str | None, str, str, int, list[dict[str, Any]]]]:
    """Why an object was refused the last time: table (None: the object as such), rule, reason, rows and samples."""
    with closing(connect(read_only=True)) as con:
        rows = con.execute(KEPT, [key, key]).fetchall()
    return [(table, rule, reason, count, json.loads(samples)) for table, rule, reason, count, samples in rows]
