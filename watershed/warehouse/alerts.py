"""Alerts are rows: whoever finds something wrong writes that it fires, and `watershed monitor` tells people, once.

An alert is known by its rule and its subject. It has a row for every change: firing, told, resolved, told. The latest
row of an alert is its state.
"""

from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import uuid4

from watershed.settings import Settings, load_settings
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import insert_rows, utc_now
from watershed.warehouse.publish import hold_lock, read_snapshot, transact

FIRING, RESOLVED = "firing", "resolved"
WRITE_WAIT_S, RAISE_WAIT_S = 5.0, 600.0
OPEN = """
    SELECT 1 FROM (
        SELECT state FROM ledger.alerts WHERE rule = ? AND subject = ?
        QUALIFY row_number() OVER (PARTITION BY alert_id ORDER BY snapshot_id DESC) = 1
    ) WHERE state = 'firing'
"""


@dataclass(frozen=True)
class Alert:
    """The state of an alert, a row of `ledger.alerts`. `delivered_at`: when everybody was told of this state."""

    alert_id: str
    rule: str
    subject: str
    state: str
    sentence: str
    changed_at: datetime
    delivered_at: datetime | None = None


def make_alert(rule: str, subject: str, sentence: str, at: datetime | None = None) -> Alert:
    """One that fires from now on."""
    return Alert(uuid4().hex, rule, subject, FIRING, sentence, at or utc_now())


def raise_alert(rule: str, subject: str, sentence: str) -> None:
    """Write that something is wrong, unless that is known. The rule of that name says when it is over."""
    settings = load_settings()
    with closing(connect(settings)) as con:
        known = con.execute(OPEN, [rule, subject]).fetchone()
    if known is None:
        write_alerts([make_alert(rule, subject, sentence)], settings, RAISE_WAIT_S)


def write_alerts(alerts: list[Alert], settings: Settings | None = None, wait_s: float = WRITE_WAIT_S) -> None:
    """Add these states to the ledger, in one snapshot. Raises what a lake that is away raises, psycopg.Error too when
    the lake's lock is not free in time: what is wrong may be just that."""
    settings = settings or load_settings()
    with closing(connect(settings)) as con, hold_lock(settings, wait_s=wait_s), transact(con):
        snapshot = read_snapshot(con) + 1
        insert_rows(con, "ledger.alerts", [asdict(alert) | {"snapshot_id": snapshot} for alert in alerts])
        about = ", ".join(sorted({f"{alert.rule} of {alert.subject} {alert.state}" for alert in alerts}))
        con.execute(f"CALL lake.set_commit_message('monitor', {quote(f'alert: {about}')})")
