"""What a monitor knows, for others: told over HTTP, and kept in a file of its own, since the lake may be what is away.

The file outlives the monitor too: the next one goes on with its alerts, and pages say when it was last heard of.
"""

import json
import os
import urllib.request
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from watershed.monitoring.reading import DeadConsumer, Queue, Reading, Service, SourceReading, StreamReading
from watershed.monitoring.rules import find_all
from watershed.settings import find_home, read_setting
from watershed.warehouse.alerts import Alert, make_alert
from watershed.warehouse.freshness import Freshness
from watershed.warehouse.ledger.history import utc_now

ANSWER_S = 3.0
SILENT = timedelta(minutes=2)  # a monitor that has not looked for so long hangs

Kept = dict[str, Any]


@dataclass(frozen=True)
class MonitorState:
    """How everything was when a monitor looked last. `is_answering`: it says so itself, now; else this is what is left
    of it. `tables`: by address. `sources`: those with a rhythm. `alerts`: those that fire. `known_at`: of when the
    figures of the lake are. Times are UTC without zone."""

    at: datetime
    is_answering: bool
    services: tuple[Service, ...]
    tables: dict[str, Freshness]
    sources: tuple[SourceReading, ...]
    streams: tuple[StreamReading, ...]
    queue: Queue
    alerts: tuple[Alert, ...]
    lake_problem: tuple[datetime, str] | None
    known_at: datetime | None

    def find_away(self) -> list[Service]:
        return [one for one in self.services if one.problem]


def describe_state(reading: Reading, alerts: Iterable[Alert]) -> Kept:
    """What a monitor tells of itself, as JSON can hold it. `alerts`: those that fire."""
    told = asdict(replace(reading, tables=(), published={}, raised=(), untold=()))
    names = ("at", "services", "sources", "streams", "queue", "lake_problem", "known_at")
    tables = {one.address: asdict(reading.find_freshness(one)) for one in reading.tables}
    shown = {name: told[name] for name in names} | {"tables": tables}
    return format_spans(shown | {"alerts": [asdict(alert) for alert in alerts]})


def format_spans(value: Any) -> Any:
    """The same with durations as seconds."""
    if isinstance(value, dict):
        return {key: format_spans(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [format_spans(one) for one in value]
    return value.total_seconds() if isinstance(value, timedelta) else value


def list_findings(reading: Reading) -> list[Alert]:
    """What fires as far as one knows who does not keep the book: the ledger's alerts, and what rules find besides."""
    known = {(alert.rule, alert.subject) for alert in reading.raised}
    new = {key: one for key, one in find_all(reading).items() if key not in known}
    return [*reading.raised, *(make_alert(*key, one.sentence, reading.at) for key, one in new.items())]


def keep_state(kept: Kept) -> None:
    """At once, and for nobody else to read. Raises OSError."""
    draft = find_file().with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(kept, file, default=str)
    draft.replace(find_file())


def recall_state() -> Kept | None:
    """What the last monitor of this home has kept; None where there was none, or what it kept cannot be read."""
    try:
        kept: Kept = json.loads(find_file().read_text())
    except (OSError, ValueError):
        return None
    return kept


def find_file() -> Path:
    return find_home() / "monitor.json"


def read_state() -> MonitorState | None:
    """Asked of the monitor itself; where none answers, what is left of the last one, if anything is."""
    told = ask_monitor()
    return recall_last() if told is None else parse_state(told, is_answering=True)


def recall_last() -> MonitorState | None:
    """What the last monitor of this home knew; None where there was none, or where another version has kept it."""
    kept = recall_state()
    try:
        return parse_state(kept, is_answering=False) if kept else None
    except (KeyError, TypeError):
        return None


def ask_monitor() -> Kept | None:
    """None where no monitor answers, or the settings name none."""
    if not (url := find_url()):
        return None
    request = urllib.request.Request(f"{url}/state", headers={"Authorization": f"Bearer {read_token()}"})
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:
            told: Kept = json.load(answer)
    except (OSError, ValueError):
        return None
    return told


def find_url() -> str:
    """Where a monitor is asked: its setting, else where one of this home listens. Empty: nobody has said."""
    if url := read_setting("monitor_url", ""):
        return url.rstrip("/")
    listen = read_setting("monitor_listen", "")
    return f"http://{listen}" if listen else ""


def read_token() -> str:
    return read_setting("monitor_token", "")


def parse_state(told: Kept, is_answering: bool) -> MonitorState:
    at = datetime.fromisoformat(told["at"])
    problem = told["lake_problem"]
    return MonitorState(
        at=at,
        is_answering=is_answering and utc_now() - at <= SILENT,
        services=tuple(Service(**one | {"since": read_time(one["since"])}) for one in told["services"]),
        tables={address: parse_freshness(one) for address, one in told["tables"].items()},
        sources=tuple(map(parse_source, told["sources"])),
        streams=tuple(map(parse_stream, told["streams"])),
        queue=Queue(**told["queue"]),
        alerts=tuple(map(parse_alert, told["alerts"])),
        lake_problem=(datetime.fromisoformat(problem[0]), problem[1]) if problem else None,
        known_at=read_time(told["known_at"]),
    )


def parse_freshness(told: Kept) -> Freshness:
    return Freshness(timedelta(seconds=told["promise"]), read_time(told["waiting_since"]))


def parse_source(told: Kept) -> SourceReading:
    spans = {name: timedelta(seconds=told[name]) for name in ("every", "silence")}
    return SourceReading(**told | spans | {"arrived_at": read_time(told["arrived_at"])})


def parse_stream(told: Kept) -> StreamReading:
    dead = tuple(DeadConsumer(one["name"], datetime.fromisoformat(one["since"])) for one in told["dead"])
    own = {name: read_time(told[name]) for name in ("waiting_since", "arrived_at")} | {"dead": dead}
    return StreamReading(**told | own | {"failing": tuple(told["failing"]), "lags": tuple(told["lags"])})


def parse_alert(told: Kept) -> Alert:
    times = {name: read_time(told[name]) for name in ("changed_at", "delivered_at")}
    return Alert(**told | times)


def read_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
