"""The servers that everything needs: each is asked by itself, and briefly, so that one that is away hides no other.

`EFFECTS` says what each of them is needed for, in words for whoever looks at a page while it is away.
"""

import json
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import psycopg
from botocore.exceptions import BotoCoreError, ClientError
from confluent_kafka import Consumer

from watershed.errors import NoAnswer, UserError
from watershed.lake.store import make_client
from watershed.monitoring.reading import BROKER, CATALOGUE, STORE, Service
from watershed.settings import Settings, SettingsMissing, load_settings, read_setting
from watershed.sources.topics.broker import hear_broker, open_client
from watershed.warehouse.connection import shorten_failure

ANSWER_S = 3
WEB_SERVER, MONITOR, CONSUMER = "web server", "monitor", "consumer"
# What Airflow's report on its own health calls them.
PARTS = {
    "metadatabase": "Airflow's database",
    "scheduler": "scheduler",
    "triggerer": "triggerer",
    "dag_processor": "DAG processor",
}

Found = tuple[str, str | None, datetime | None]  # name, problem, and since when where the server itself knows


@dataclass(frozen=True)
class Effect:
    """What does not work while a server is away, and what does, as long as no other is. `needs`: which of ABILITIES
    does not work without it."""

    stops: str
    works: str
    needs: frozenset[str] = frozenset()


PAGES, COPIES, SQL, RUNS, STREAMS, ALERTS = ABILITIES = (
    "all pages",
    "pages, as far as the ledger's copy knows",
    "SQL",
    "runs of files and databases",
    "streams",
    "alerts",
)
LAKE = frozenset({PAGES, SQL, RUNS, STREAMS})


EFFECTS = {
    STORE: Effect(
        "nothing can be landed, published or asked of tables; the broker of a laptop keeps its messages there too",
        "pages show what the ledger's copy knew, and alerts are told",
        LAKE,
    ),
    CATALOGUE: Effect(
        "nothing of the lake can be read or published, and streams wait",
        "alerts are told, and pages that were open before show what the ledger's copy knew",
        LAKE,
    ),
    BROKER: Effect(
        "streams wait, and producers too", "files, databases, marts, SQL and all pages", frozenset({STREAMS})
    ),
    WEB_SERVER: Effect(
        "Airflow's pages and these, and runs: tasks tell the web server how they are",
        "the command `watershed`, consumers of streams, and alerts",
        frozenset({PAGES, COPIES, RUNS}),
    ),
    PARTS["metadatabase"]: Effect(
        "nobody can log in to Airflow, and no run starts",
        "SQL by the command, consumers of streams, and alerts",
        frozenset({PAGES, COPIES, RUNS}),
    ),
    PARTS["scheduler"]: Effect(
        "no run starts or goes on", "all pages, SQL, and the consumers of streams", frozenset({RUNS})
    ),
    PARTS["triggerer"]: Effect(
        "runs that wait for messages or for a decision go on waiting", "runs that files or times start, pages, SQL"
    ),
    PARTS["dag_processor"]: Effect("changes of DAG files are not seen", "everything else"),
    MONITOR: Effect("nobody is told of alerts, and there are no figures", "everything else", frozenset({ALERTS})),
    CONSUMER: Effect("its messages wait in their topic, and none is lost", "everything else"),
}


def describe_effect(service: Service) -> Effect:
    """Of a server, or of a consumer, which has the name of its stream too."""
    return EFFECTS.get(service.name) or EFFECTS[service.name.partition(" ")[0]]


def list_working(away: Iterable[Service]) -> list[str]:
    """What works while all of these are away."""
    needs = frozenset[str]().union(*(describe_effect(one).needs for one in away))
    working = [ability for ability in ABILITIES if ability not in needs]
    return [*(ability for ability in working if ability != COPIES or PAGES in needs), "the command `watershed status`"]


def ask_services(known: Iterable[Service], now: datetime) -> tuple[Service, ...]:
    """Every server that the settings name, with since when it has been away. Never raises, and takes some seconds at
    most. `known`: what was said the last time. Times are UTC without zone."""
    before = {one.name: one for one in known if one.problem}
    found = [*ask_one(STORE, ask_store), *ask_one(CATALOGUE, ask_catalogue), *ask_one(BROKER, ask_broker)]
    return tuple(settle(found_one, before, now) for found_one in [*found, *ask_airflow()])


def settle(found: Found, before: dict[str, Service], now: datetime) -> Service:
    name, problem, since = found
    if problem is None:
        return Service(name)
    return replace(before[name], problem=problem) if name in before else Service(name, problem, since or now)


def ask_one(name: str, ask: Callable[[], None]) -> list[Found]:
    """Nothing where the settings name no such server."""
    try:
        ask()
    except SettingsMissing:
        return []
    except (psycopg.Error, BotoCoreError, ClientError, OSError, UserError) as error:
        return [(name, shorten_failure(str(error)) or type(error).__name__, None)]
    return [(name, None, None)]


def ask_store() -> None:
    settings = load_settings()
    try:
        open_probe(settings).head_bucket(Bucket=settings.bucket)
    except BotoCoreError as error:
        where = settings.s3_endpoint or "AWS's address"
        raise NoAnswer(f"no S3 server answers at {where}: {format_cure('WATERSHED_S3_ENDPOINT')}") from error


def format_cure(setting: str) -> str:
    return f"`watershed up` starts the local one; of another one mend {setting}"


@cache
def open_probe(settings: Settings) -> Any:
    """A client that gives up at once."""
    return make_client(settings, connect_timeout=ANSWER_S, read_timeout=ANSWER_S, retries={"total_max_attempts": 1})


def ask_catalogue() -> None:
    try:
        with psycopg.connect(load_settings().catalog_url, connect_timeout=ANSWER_S) as session:
            session.execute("SELECT 1")
    except psycopg.OperationalError as error:
        why = shorten_failure(str(error))
        raise NoAnswer(f"no PostgreSQL answers ({why}): {format_cure('WATERSHED_CATALOG_URL')}") from error


def ask_broker() -> None:
    with hear_broker():
        open_broker(read_setting("kafka_brokers")).list_topics(timeout=ANSWER_S)


@cache
def open_broker(brokers: str) -> Consumer:
    """Kept: a client that connects anew each time leaves threads behind. `brokers` makes it another one's."""
    return open_client({"group.id": "watershed-monitor"})


def ask_airflow() -> list[Found]:
    """The web server, and the parts of Airflow by its word. Nothing where the settings name no Airflow."""
    if not (url := read_setting("airflow_url", "")):
        return []
    try:
        with urllib.request.urlopen(f"{url}/api/v2/monitor/health", timeout=2 * ANSWER_S) as answer:
            health = dict(json.load(answer))
    except (OSError, ValueError) as error:
        return [(WEB_SERVER, f"it does not answer ({error})", None)]
    return [(WEB_SERVER, None, None), *(judge_part(word, health.get(word) or {}) for word in PARTS)]


def judge_part(word: str, told: dict[str, Any]) -> Found:
    """A part that has no status is not used here."""
    if told.get("status") in ("healthy", None):
        return (PARTS[word], None, None)
    beat = told.get(f"latest_{word}_heartbeat")
    since = datetime.fromisoformat(beat).astimezone(UTC).replace(tzinfo=None) if beat else None
    return (PARTS[word], "Airflow says that it is not healthy", since)
