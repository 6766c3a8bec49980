"""What `watershed status` says of servers that are away: since when, what does not work meanwhile, and what does."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from watershed.monitoring.reading import BROKER, CATALOGUE, STORE, Service
from watershed.monitoring.services import CONSUMER, MONITOR, PARTS, WEB_SERVER, describe_effect, list_working
from watershed.monitoring.state import MonitorState, read_state
from watershed.stack.consumers import name_consumers
from watershed.stack.home import Home
from watershed.stack.process import find_process

SERVICES = {
    "s3": STORE,
    "postgres": CATALOGUE,
    "kafka": BROKER,
    "airflow-api-server": WEB_SERVER,
    "airflow-scheduler": PARTS["scheduler"],
    "airflow-dag-processor": PARTS["dag_processor"],
    "airflow-triggerer": PARTS["triggerer"],
    "monitor": MONITOR,
}


def describe_away(home: Home, names: Iterable[str]) -> Iterator[str]:
    """A sentence or two for each of these servers of the stack, and one about all where there are several."""
    state, streams, away = read_state(), name_consumers(), dict[str, Service]()
    for name in names:
        service = Service(SERVICES.get(name) or f"{CONSUMER} of {streams[name]}")
        if service.name == WEB_SERVER and find_process(home, name):  # it runs, and says that its database is away
            service = Service(PARTS["metadatabase"])
        away[f"{name} {format_since(find_since(state, service, streams.get(name)), home, name)}"] = service
    for told, service in away.items():
        effect = describe_effect(service)
        yield f"{told}: {effect.stops}." + (f" Still works: {effect.works}." if len(away) == 1 else "")
    if len(away) > 1:
        yield f"Still works while all of them are away: {', '.join(list_working(away.values()))}."


def find_since(state: MonitorState | None, service: Service, stream: str | None) -> datetime | None:
    """By the monitor's word; None where it has not noticed, or is away itself."""
    if state is None:
        return None
    if service.name == MONITOR:
        return None if state.is_answering else state.at
    if stream:
        return next((one.dead[0].since for one in state.streams if one.name == stream and one.dead), None)
    return next((one.since for one in state.find_away() if one.name == service.name), None)


def format_since(since: datetime | None, home: Home, name: str) -> str:
    if since is not None:
        return f"has been away since {since:%Y-%m-%d %H:%M:%S} UTC"
    if not (log := home.log_file(name)).exists():
        return "has never been started"
    wrote_at = datetime.fromtimestamp(log.stat().st_mtime, UTC)
    return f"is away, and wrote its last line at {wrote_at:%Y-%m-%d %H:%M:%S} UTC"
