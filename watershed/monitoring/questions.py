"""What the ledger says, asked of a mirror of it."""

from contextlib import closing
from datetime import date, datetime, timedelta
from typing import Any

from duckdb import DuckDBPyConnection

from watershed.monitoring.reading import Imbalance, ParityDifference, RefusedObjects
from watershed.warehouse.alerts import Alert
from watershed.warehouse.ledger.cache import Mirror
from watershed.warehouse.schema.marts import Mart, list_marts
from watershed.warehouse.staleness import list_stale_days

RECENT = timedelta(hours=1)
UNTOLD_FOR = timedelta(days=1)  # later nobody wants to hear that something is over
PUBLISHED = "SELECT subject, max(published_at) FROM publishes GROUP BY subject"
TABLES = """
    SELECT table_name, max(published_at),
           coalesce(sum(books.rows_read) FILTER (published_at >= $since), 0)::BIGINT,
           coalesce(sum(books.rows_quarantined) FILTER (published_at >= $since), 0)::BIGINT
    FROM books JOIN publishes USING (run_id, snapshot_id) GROUP BY table_name
"""
ARRIVED = """
    SELECT source, max(arrived_at) FROM (
        SELECT source, max(arrived_at) AS arrived_at FROM books GROUP BY source
        UNION ALL SELECT source, max(refused_at) FROM refusals GROUP BY source
    ) GROUP BY source
"""
REFUSALS = """
    SELECT source, count(*)::BIGINT, arg_max(reason, refused_at) FROM open_refusals
    WHERE left_by IS NULL GROUP BY source ORDER BY source
"""
IMBALANCES = """
    SELECT table_name, raw_object, rows_read, accounted FROM (
        SELECT *, rows_written + rows_quarantined + rows_deduplicated + rows_filtered AS accounted FROM latest_books
    ) WHERE rows_read <> accounted ORDER BY ALL LIMIT 100
"""
# Speed rows that differ are late knowledge; what was in core already should not have changed.
DIFFERENCES = """
    SELECT table_name, day::VARCHAR, rows_missing, rows_surplus FROM parity WHERE table_name LIKE 'core.%'
        AND contains(run_id, '.sample_')
    QUALIFY compared_at = max(compared_at) OVER (PARTITION BY table_name) AND rows_missing + rows_surplus > 0
    ORDER BY ALL LIMIT 100
"""
ALERTS = """
    SELECT alert_id, rule, subject, state, sentence, changed_at, delivered_at FROM (
        SELECT *, row_number() OVER (PARTITION BY alert_id ORDER BY snapshot_id DESC) AS place,
               count(*) FILTER (state = 'firing' AND delivered_at IS NOT NULL) OVER (PARTITION BY alert_id) AS told
        FROM alerts
    ) WHERE place = 1
"""
UNTOLD = f"{ALERTS} AND state = 'resolved' AND delivered_at IS NULL AND told > 0 AND changed_at > $since"
WAITING_DAYS = """
    SELECT min(published_at) FROM days JOIN publishes USING (run_id, snapshot_id)
    LEFT JOIN (
        SELECT day, input_snapshot_id AS built FROM latest_builds WHERE table_name = $address
    ) AS mart USING (day)
    WHERE list_contains($inputs, days.table_name) AND list_contains($stale, day)
        AND snapshot_id > coalesce(built, -1)
"""
WAITING_WHOLE = """
    WITH built AS (
        SELECT coalesce(arg_max(input_snapshot_id, snapshot_id), -1) AS snapshot_id FROM latest_builds
        WHERE table_name = $address
    )
    SELECT min(published_at) FROM publishes
    WHERE snapshot_id > (SELECT snapshot_id FROM built) AND snapshot_id IN (
        SELECT snapshot_id FROM books WHERE list_contains($inputs, table_name)
        UNION SELECT snapshot_id FROM days WHERE list_contains($inputs, table_name)
        UNION SELECT snapshot_id FROM inputs WHERE list_contains($inputs, table_name)
    )
"""


class Ledger:
    """Questions to a mirror, as it is: whoever asks them has it refreshed."""

    def __init__(self, mirror: Mirror) -> None:
        self.mirror = mirror

    def ask(self, query: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        with closing(self.mirror.point()) as con:
            return con.execute(query, values or {}).fetchall()

    def read_published(self) -> dict[str, datetime]:
        """When each subject, a source or a mart, published last."""
        return dict(self.ask(PUBLISHED))

    def read_tables(self, now: datetime) -> dict[str, tuple[datetime, int, int]]:
        """By table with books: last publish, rows read and rows quarantined within the last hour."""
        found = self.ask(TABLES, {"since": now - RECENT})
        return {address: (published, read, bad) for address, published, read, bad in found}

    def read_arrived(self) -> dict[str, datetime]:
        """When something of each source arrived last, of what was published or refused."""
        return dict(self.ask(ARRIVED))

    def read_refusals(self) -> tuple[RefusedObjects, ...]:
        return tuple(RefusedObjects(*row) for row in self.ask(REFUSALS))

    def read_imbalances(self) -> tuple[Imbalance, ...]:
        return tuple(Imbalance(*row) for row in self.ask(IMBALANCES))

    def read_differences(self) -> tuple[ParityDifference, ...]:
        return tuple(ParityDifference(*row) for row in self.ask(DIFFERENCES))

    def read_alerts(self) -> tuple[Alert, ...]:
        """The alerts that fire."""
        return tuple(Alert(*row) for row in self.ask(f"{ALERTS} AND state = 'firing'"))

    def read_untold(self, now: datetime) -> tuple[Alert, ...]:
        """Alerts that are over, of which people have heard only that they fire."""
        return tuple(Alert(*row) for row in self.ask(UNTOLD, {"since": now - UNTOLD_FOR}))

    def find_waiting_marts(self) -> dict[str, datetime]:
        """By mart that is not up to date, when the first change was published that it has not seen."""
        with closing(self.mirror.point()) as con:
            stale = list_stale_days(con, list_marts())
            waiting = {m.address: find_change(con, m, stale[m.address]) for m in list_marts() if m.address in stale}
        return {address: since for address, since in waiting.items() if since is not None}


def find_change(con: DuckDBPyConnection, mart: Mart, stale: list[date | None]) -> datetime | None:
    """When the first change was published that a mart has not seen. `stale`: its days to build."""
    asked: dict[str, Any] = {"address": mart.address, "inputs": list(mart.inputs)}
    days = [day for day in stale if day is not None]
    query, asked = (WAITING_DAYS, asked | {"stale": days}) if days else (WAITING_WHOLE, asked)
    row = con.execute(query, asked).fetchone()
    return row[0] if row else None
