"""How a stream is: how far it is published, what waits in the topic, who reads it, how late events come."""

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from duckdb import DuckDBPyConnection

from watershed.declarations import tables_of
from watershed.declarations.counting import count_nouns
from watershed.declarations.table import Stream
from watershed.errors import Unavailable, UserError
from watershed.flows.ingest.find_duplicates import COPIES_TOLD
from watershed.flows.streams.health import ConsumerHealth, list_consumers
from watershed.flows.streams.leases import list_leased
from watershed.lake.store import open_store
from watershed.settings import topic_name
from watershed.sources.topics.topic_ends import TopicEnds
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import read_positions, utc_now

SHOWN_FOR = timedelta(days=1)  # what was last heard of a consumer, or published with a reservation
LATENESS = """
    SELECT table_name, late_p50_s, late_p99_s FROM ledger.lateness WHERE list_contains(?, table_name)
    QUALIFY row_number() OVER (PARTITION BY table_name ORDER BY snapshot_id DESC) = 1 ORDER BY table_name
"""
UNTOLD = """
    SELECT table_name, sum(rows_failed)::BIGINT FROM ledger.checks
    SEMI JOIN (SELECT run_id FROM ledger.publishes WHERE published_at > ?) USING (run_id)
    WHERE rule = ? AND list_contains(?, table_name) GROUP BY table_name ORDER BY table_name
"""


@dataclass(frozen=True)
class Place:
    """A partition. `published`: the first offset that is not, None where nothing is; `end` None: no broker told.
    `reader`: the consumer that holds it, None where nobody does."""

    partition: int
    published: int | None
    end: int | None
    reader: str | None

    @property
    def lag(self) -> int | None:
        return None if self.end is None else max(0, self.end - (self.published or 0))


@dataclass(frozen=True)
class StreamState:
    """`problem`: why nobody knows where the topic ends. `lateness`: table, p50 and p99 in seconds of the last batch.
    `untold`: table, and how many events of the last day may be copies of others."""

    stream: Stream
    problem: str | None
    places: list[Place]
    consumers: list[ConsumerHealth]
    lateness: list[tuple[str, float, float]]
    untold: list[tuple[str, int]]
    parked: int

    @property
    def complaints(self) -> list[str]:
        """Why somebody should look at it, a sentence each."""
        found = [f"the topic's end is unknown: {self.problem}"] if self.problem else []
        lag = sum(place.lag or 0 for place in self.places)
        if lag and not any(place.reader for place in self.places):
            found.append(f"{count_nouns(lag, 'message')} {'waits' if lag == 1 else 'wait'} and no consumer is alive")
        found += [f"{one.consumer} fails: {one.error or '?'}" for one in self.consumers if one.state == "failing"]
        return found


def read_state(stream: Stream) -> StreamState:
    """Everything about a stream. A broker that is away is told as its `problem`."""
    consumers = [one for one in list_consumers(open_store(), stream) if is_recent(one)]
    ends, problem = find_ends(stream)
    with closing(connect(read_only=True)) as con:
        published = read_positions(con, topic_name(stream.topic))
        addresses = [table.address for table in tables_of(stream)]
        lateness = con.execute(LATENESS, [addresses]).fetchall()
        untold = con.execute(UNTOLD, [utc_now() - SHOWN_FOR, COPIES_TOLD, addresses]).fetchall()
        parked = count_parked(con, stream)
    leased = list_leased(stream)
    places = [
        Place(p, published.get(p), ends.get(p), find_reader(p, consumers) if p in leased else None)
        for p in sorted({*published, *ends, *leased})
    ]
    return StreamState(stream, problem, places, consumers, lateness, untold, parked)


def is_recent(consumer: ConsumerHealth) -> bool:
    return datetime.now(UTC) - consumer.at < SHOWN_FOR


def find_ends(stream: Stream) -> tuple[dict[int, int], str | None]:
    try:
        return TopicEnds(stream).find(), None
    except (OSError, UserError, Unavailable) as error:
        return {}, str(error)


def find_reader(partition: int, consumers: list[ConsumerHealth]) -> str:
    """The consumer that last said it reads the partition; who has only begun has said nothing yet."""
    readers = (one.consumer for one in consumers if one.state == "reading" and partition in one.positions)
    return next(readers, "a new consumer")


def count_parked(con: DuckDBPyConnection, stream: Stream) -> int:
    topic = quote(topic_name(stream.topic))
    counts = [f"(SELECT count(*) FROM quarantine.{table.name} WHERE topic = {topic})" for table in tables_of(stream)]
    row = con.execute(f"SELECT {' + '.join(counts)}").fetchone()
    return int(row[0]) if row else 0
