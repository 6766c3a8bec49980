"""The book of alerts: what fires and who was told of it. Its memory is `ledger.alerts`, and while that is away a file.

A change is written first, then told, then written once more as told. So a monitor that dies in between tells it again,
under the same id; and nothing is told that nobody could look up. While the lake is away, the book keeps what it could
not write, and so does the monitor that comes after it (monitoring/state.py).
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from smtplib import SMTPException

from watershed.monitoring.delivery import Tell, list_channels
from watershed.monitoring.reading import Reading
from watershed.monitoring.rules import find_all, list_judged
from watershed.monitoring.snoozes import find_snooze
from watershed.monitoring.state import Kept, parse_alert
from watershed.monitoring.watcher import LAKE_ERRORS, describe_error
from watershed.warehouse.alerts import FIRING, RESOLVED, Alert, make_alert, write_alerts
from watershed.warehouse.connection import forget_engines
from watershed.warehouse.ledger.history import utc_now

Report = Callable[[str], None]


@dataclass
class Entry:
    """An alert as the book knows it. `told`: the channels that have this state. `was_told`: whether any has heard that
    it fires. `is_snoozed`: nobody wants to hear of it now."""

    alert: Alert
    told: set[str] = field(default_factory=set)
    was_told: bool = False
    is_written: bool = False
    is_snoozed: bool = False


class AlertBook:
    """For one monitor at a time, the leader."""

    def __init__(self, report: Report, channels: dict[str, Tell] | None = None) -> None:
        self.report = report
        self.channels = list_channels() if channels is None else channels
        self.entries: dict[str, Entry] = {}

    def judge(self, reading: Reading) -> None:
        """Note what is new and what is over, write it, tell it. What cannot be written now is told all the same."""
        self.learn(reading)
        self.compare(reading)
        self.note_snoozes(reading)
        is_writable = not reading.lake_problem
        self.write(is_writable)
        self.deliver()
        self.write(is_writable)
        self.entries = {key: entry for key, entry in self.entries.items() if not self.is_done(entry)}

    def compare(self, reading: Reading) -> None:
        """Have an alert for every finding, and none fire without one."""
        found, judged = find_all(reading), list_judged(reading)
        firing = self.list_firing()
        known = {(entry.alert.rule, entry.alert.subject) for entry in firing}
        for (rule, subject), finding in found.items():
            if (rule, subject) not in known:
                alert = make_alert(rule, subject, finding.sentence, reading.at)
                self.enter(Entry(alert))
        for entry in firing:
            if entry.alert.rule in judged and (entry.alert.rule, entry.alert.subject) not in found:
                was_told = entry.was_told or entry.alert.delivered_at is not None
                over = replace(entry.alert, state=RESOLVED, changed_at=reading.at, delivered_at=None)
                self.enter(Entry(over, was_told=was_told))

    def note_snoozes(self, reading: Reading) -> None:
        """What fires and is snoozed no longer comes back: it is told as if it were new."""
        for entry in self.list_firing():
            alert, was_snoozed = entry.alert, entry.is_snoozed
            entry.is_snoozed = find_snooze(reading.snoozes, alert.rule, alert.subject, reading.at) is not None
            if was_snoozed and not entry.is_snoozed:
                entry.alert = replace(alert, changed_at=reading.at, delivered_at=None)
                entry.told, entry.is_written = set(), False
                self.report(f"back from its snooze: {alert.rule} {alert.subject}: {alert.sentence}")

    def list_firing(self) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.alert.state == FIRING]

    def learn(self, reading: Reading) -> None:
        """Alerts of the ledger that this book does not know: a leader's before, or written by a publish. What the
        ledger says is over, another leader has ended."""
        if reading.lake_problem:
            return
        raised = {alert.alert_id for alert in reading.raised}
        for entry in [one for one in self.list_firing() if one.is_written and one.alert.alert_id not in raised]:
            del self.entries[entry.alert.alert_id]
        for alert in (*reading.raised, *reading.untold):
            if alert.alert_id not in self.entries:
                was_told = alert.delivered_at is not None or alert.state == RESOLVED
                self.enter(Entry(alert, was_told=was_told, is_written=True))

    def enter(self, entry: Entry) -> None:
        alert = entry.alert
        self.entries[alert.alert_id] = entry
        self.report(f"{alert.state}: {alert.rule} {alert.subject}: {alert.sentence}")

    def write(self, is_writable: bool) -> None:
        unwritten = [entry for entry in self.entries.values() if not entry.is_written]
        if not unwritten or not is_writable:
            return
        try:
            write_alerts([entry.alert for entry in unwritten])
        except LAKE_ERRORS as error:
            self.report(f"alerts could not be written: {describe_error(error)}; the next look tries again")
            forget_engines()
        else:
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

    def keep(self) -> list[Kept]:
        """All of it, as JSON can hold it, for `recall` of the next one."""
        return [asdict(entry) | {"told": sorted(entry.told)} for entry in self.entries.values()]

    def recall(self, kept: Iterable[Kept]) -> None:
        for one in kept:
            entry = Entry(**one | {"alert": parse_alert(one["alert"]), "told": set(one["told"])})
            self.entries[entry.alert.alert_id] = entry

    def is_done(self, entry: Entry) -> bool:
        """Over, and written, and told to everybody who has to hear of it."""
        is_told = not self.channels or entry.alert.delivered_at is not None or not needs_telling(entry)
        return entry.alert.state == RESOLVED and entry.is_written and is_told


def needs_telling(entry: Entry) -> bool:
    return not entry.is_snoozed if entry.alert.state == FIRING else entry.was_told
