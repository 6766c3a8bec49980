"""The book of alerts: what fires and who was told of it. Its memory is `ledger.alerts`.

A change is written first, then told, then written once more as told. So a monitor that dies in between tells it again,
under the same id; and nothing is told that nobody could look up. While the lake is away, the book keeps what it could
not write.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from smtplib import SMTPException

from monitoring.delivery import Tell, list_channels
from monitoring.reading import Reading
from monitoring.rules import find_all, list_judged
from warehouse.alerts import FIRING, RESOLVED, Alert, make_alert, write_alerts
from warehouse.ledger import utc_now

Report = Callable[[str], None]


@dataclass
class Entry:
    """An alert as the book knows it. `told`: the channels that have this state. `was_told`: whether any has heard that
    it fires."""

    alert: Alert
    told: set[str] = field(default_factory=set)
    was_told: bool = False
    is_written: bool = False


class AlertBook:
    """For one monitor at a time, the leader."""

    def __init__(self, report: Report, channels: dict[str, Tell] | None = None) -> None:
        self.report = report
        self.channels = list_channels() if channels is None else channels
        self.entries: dict[str, Entry] = {}

    def judge(self, reading: Reading) -> None:
        """Note what is new and what is over, write it, tell it. Raises what a lake raises that is away."""
        self.learn(reading)
        found, judged = find_all(reading), list_judged(reading)
        firing = {(e.alert.rule, e.alert.subject): e for e in self.entries.values() if e.alert.state == FIRING}
        for (rule, subject), finding in found.items():
            if (rule, subject) not in firing:
                self.add(make_alert(rule, subject, finding.sentence, reading.at))
        for (rule, subject), entry in firing.items():
            if rule in judged and (rule, subject) not in found:
                was_told = entry.was_told or entry.alert.delivered_at is not None
                over = replace(entry.alert, state=RESOLVED, changed_at=reading.at, delivered_at=None)
                self.entries[over.alert_id] = Entry(over, was_told=was_told)
                self.report(f"over: {over.rule} {over.subject}")
        if not reading.lake_problem:
            self.write()
        self.deliver()
        if not reading.lake_problem:
            self.write()
        self.forget()

    def learn(self, reading: Reading) -> None:
        """Alerts of the ledger that this book does not know: a leader's before, or written by a publish."""
        for alert in () if reading.lake_problem else (*reading.raised, *reading.untold):
            if alert.alert_id not in self.entries:
                was_told = alert.delivered_at is not None or alert.state == RESOLVED
                self.entries[alert.alert_id] = Entry(alert, was_told=was_told, is_written=True)
                self.report(f"{alert.state}: {alert.rule} {alert.subject}: {alert.sentence}")

    def add(self, alert: Alert) -> None:
        self.entries[alert.alert_id] = Entry(alert)
        self.report(f"firing: {alert.rule} {alert.subject}: {alert.sentence}")

    def write(self) -> None:
        unwritten = [entry for entry in self.entries.values() if not entry.is_written]
        if unwritten:
            write_alerts([entry.alert for entry in unwritten])
            for entry in unwritten:
                entry.is_written = True

    def deliver(self) -> None:
        """Tell every channel what it was not told. What fired and was over before anybody heard of it is not told."""
        for name, tell in self.channels.items():
            for entry in self.entries.values():
                if name in entry.told or entry.alert.delivered_at or not needs_telling(entry):
                    continue
                try:
                    tell(entry.alert)
                except (OSError, SMTPException, ValueError) as error:
                    self.report(f"the {name} could not be told of {entry.alert.rule} {entry.alert.subject}: {error}")
                    break  # it is away: the next look tries again
                entry.told.add(name)
                entry.was_told = True
        for entry in self.entries.values():
            if self.channels and entry.told >= set(self.channels) and entry.alert.delivered_at is None:
                entry.alert, entry.is_written = replace(entry.alert, delivered_at=utc_now()), False

    def forget(self) -> None:
        """What is over, and written, and told to everybody who has to hear of it."""
        self.entries = {key: entry for key, entry in self.entries.items() if not self.is_done(entry)}

    def is_done(self, entry: Entry) -> bool:
        is_told = not self.channels or entry.alert.delivered_at is not None or not needs_telling(entry)
        return entry.alert.state == RESOLVED and entry.is_written and is_told


def needs_telling(entry: Entry) -> bool:
    return entry.alert.state == FIRING or entry.was_told
