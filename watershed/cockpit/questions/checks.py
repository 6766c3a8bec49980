"""Questions about checks: which rules failed, in a run or before a last publish, and how a rule has fared so far."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watershed.cockpit.declared import list_declared
from watershed.declarations.counting import count_nouns
from watershed.warehouse.ledger.cache import MIRROR, once_a_snapshot
from watershed.warehouse.ledger.history import utc_now

Row = dict[str, Any]

RESULTS = 30
LIVE = timedelta(hours=1)  # a batch of a stream lasts seconds: of those the checks of so long count
MOST = 200

LAST = """
    SELECT rule, column_name, severity, rows_evaluated, rows_failed, is_success, reason FROM checks
    WHERE table_name = ? AND snapshot_id = ? ORDER BY is_success, rows_failed DESC, rule, column_name
"""
OF_RUN = """
    SELECT table_name, rule, column_name, severity, rows_evaluated, rows_failed, reason, snapshot_id FROM checks
    WHERE run_id = ? AND NOT is_success ORDER BY table_name, rows_failed DESC, rule, column_name LIMIT 200
"""
# Of a stream's table what its batches of the last hour failed, of others what the last publish did.
FAILING = """
    WITH last AS (
        SELECT table_name, max(snapshot_id) AS snapshot_id FROM checks GROUP BY table_name
        UNION SELECT DISTINCT table_name, snapshot_id FROM changes
        WHERE list_contains($live, table_name) AND published_at >= $since
    )
    SELECT table_name, rule, column_name, any_value(severity) AS severity, sum(rows_failed)::BIGINT AS rows_failed,
           arg_max(reason, snapshot_id) AS reason
    FROM checks SEMI JOIN last USING (table_name, snapshot_id)
    WHERE NOT is_success GROUP BY ALL ORDER BY table_name, rows_failed DESC, rule, column_name
"""
HISTORY = """
    WITH of_table AS (SELECT * FROM checks WHERE table_name = $table),
    recent AS (
        SELECT * FROM of_table
        QUALIFY row_number() OVER (PARTITION BY rule, column_name ORDER BY snapshot_id DESC) <= $most
    )
    SELECT rule, column_name, severity, recent.snapshot_id, rows_evaluated, rows_failed, is_success, reason,
           published_at
    FROM recent LEFT JOIN (SELECT DISTINCT snapshot_id, published_at FROM publishes) USING (snapshot_id)
    ORDER BY recent.snapshot_id
"""


@dataclass(frozen=True)
class PastResult:
    """What a rule found before one publish."""

    snapshot_id: int
    published_at: datetime | None
    rows_evaluated: int
    rows_failed: int
    is_success: bool
    reason: str | None


@dataclass(frozen=True)
class RuleHistory:
    """The last results of a rule, the latest last."""

    rule: str
    column: str | None
    severity: str
    results: tuple[PastResult, ...]

    @property
    def last(self) -> PastResult:
        return self.results[-1]

    @property
    def failures(self) -> int:
        return sum(not one.is_success for one in self.results)


def list_checks(table: str, snapshot: int | None) -> list[Row]:
    """What was checked before a publish, failures first."""
    return MIRROR.ask(LAST, [table, snapshot]) if snapshot is not None else []


def list_run_failures(run: str) -> list[Row]:
    """The rules that failed in a run of ours, by table."""
    return MIRROR.ask(OF_RUN, [run])


@once_a_snapshot
def list_failing() -> dict[str, list[Row]]:
    """By table the rules that its last publish failed."""
    live = [address for address, one in list_declared().items() if one.is_live]
    found: dict[str, list[Row]] = {}
    for row in MIRROR.ask(FAILING, {"live": live, "since": utc_now() - LIVE}):
        found.setdefault(row["table_name"], []).append(row)
    return found


def list_histories(table: str) -> list[RuleHistory]:
    """Every rule of a table with its last results: what fails now, then what has failed, then the rest."""
    found: dict[tuple[str, str | None], list[Row]] = {}
    for row in MIRROR.ask(HISTORY, {"table": table, "most": RESULTS}):
        found.setdefault((row["rule"], row["column_name"]), []).append(row)
    histories = [make_history(rows) for rows in found.values()]
    return sorted(histories, key=lambda one: (one.last.is_success, -one.failures, one.rule, one.column or ""))


def make_history(rows: list[Row]) -> RuleHistory:
    last = rows[-1]
    names = ("snapshot_id", "published_at", "rows_evaluated", "rows_failed", "is_success", "reason")
    results = tuple(PastResult(**{name: row[name] for name in names}) for row in rows)
    return RuleHistory(last["rule"], last["column_name"], last["severity"], results)


def format_rules(failed: list[Row]) -> str:
    """The names of failed rules, each with its column and how many rows broke it."""
    named = [f"{row['rule']}{' of ' + row['column_name'] if row['column_name'] else ''}" for row in failed]
    rows: Counter[str] = Counter()
    for name, row in zip(named, failed, strict=True):
        rows[name] += row["rows_failed"]
    return ", ".join(f"{name} ({count_nouns(count, 'row')})" if count else name for name, count in rows.items())
