"""The rules that failed, by name, for people at a terminal."""

from collections.abc import Iterable
from contextlib import closing
from typing import Any

from watershed.errors import Unavailable, UserError

FAILED = """
    SELECT table_name, rule, column_name, severity, sum(rows_failed)::BIGINT, sum(rows_evaluated)::BIGINT,
           arg_max(reason, snapshot_id)
    FROM ledger.checks WHERE list_contains(?, run_id) AND NOT is_success
    GROUP BY ALL ORDER BY table_name, 5 DESC, rule
"""


def print_failed_checks(runs: Iterable[str]) -> None:
    """Of runs of ours, whatever became of their rows; nothing where all rules were kept, or where the lake is out of
    reach of whoever only starts runs."""
    from watershed.warehouse.connection import connect

    try:
        with closing(connect(read_only=True)) as con:
            failed = con.execute(FAILED, [list(runs)]).fetchall()
    except (UserError, Unavailable):
        return
    if failed:
        print("  checks that failed:")
    for row in failed:
        print(f"    {format_check(*row)}")


def format_check(table: str, rule: str, column: str | None, severity: str, failed: int, read: int, reason: Any) -> str:
    """`core.requests: parse, 3 of 120 rows (warning): ...`."""
    name = f"{rule} of {column}" if column else rule
    counts = f", {failed:,} of {read:,} rows" if failed else ""
    return f"{table}: {name}{counts} ({severity}){f': {reason}' if reason else ''}"
