"""A consumer that never ends: micro-batches through the very steps of a bounded run.

What it knows of the past is in the lake. After any failure it forgets everything, waits a little and starts over from
the published offsets, as another consumer would: there is no recovery that differs from a start.
"""

import time
from collections.abc import Callable
from contextlib import closing
from threading import Event

from watershed.declarations import tables_of
from watershed.declarations.table import Stream
from watershed.flows.begun import Run
from watershed.flows.ingest.land_topic import land_batch, leave_manifest
from watershed.flows.ingest.refuse import PublishBlocked
from watershed.flows.prepare import prepare_tables
from watershed.flows.published import Published
from watershed.flows.run import publish_taken
from watershed.flows.streams.health import Health
from watershed.flows.streams.leases import Leases
from watershed.flows.upkeep.compact import compact, flush_ledger
from watershed.lake.store import Store, open_store
from watershed.sources.topics.topic import Batch, OffsetsLost, TopicReader, open_consumer
from watershed.warehouse.connection import connect, forget_engines
from watershed.warehouse.ledger.history import read_positions
from watershed.warehouse.publish import BooksUnbalanced, Overtaken
from watershed.warehouse.schema.evolution import ContractBroken

BATCH_MESSAGES = 400_000
INTERVAL_S = 2.0
COMPACTED_BATCHES = 100  # so many files a table and consumer at most are small
LONGEST_PAUSE_S = 10.0  # so that a consumer is back soon after whatever was away is

# What does not pass by itself ends the consumer; all else is tried again.
FATAL = (OffsetsLost, PublishBlocked, BooksUnbalanced, ContractBroken)

Report = Callable[[str], None]


def consume(
    stream: Stream, stop: Event, report: Report, interval: float = INTERVAL_S, skip_lost: bool = False
) -> None:
    """Publish what arrives, every `interval` seconds, until `stop` is set; the batch at hand is finished then.

    Raises OffsetsLost, PublishBlocked, BooksUnbalanced and ContractBroken.
    """
    health, store, pause = Health(stream), open_store(), 1.0
    while not stop.is_set():
        batches = health.batches
        try:
            with Leases(stream, health.consumer) as leases, open_consumer(stream) as reader:
                consume_leased(stream, leases, reader, store, health, stop, report, interval, skip_lost)
        except FATAL as error:
            health.note_failure(store, error)
            raise
        except Overtaken as error:  # its leases were lost; the positions are elsewhere now
            report(f"{stream.name}: {error}")
            health.note_failure(store, error)
        except Exception as error:
            pause = 1.0 if health.batches > batches else min(2 * pause, LONGEST_PAUSE_S)
            report(f"{stream.name}: {describe(error)}; starting over in {pause:.0f} s")
            health.note_failure(store, error)
            forget_engines()
            stop.wait(pause)
    health.note_end(store)


def consume_leased(
    stream: Stream,
    leases: Leases,
    reader: TopicReader,
    store: Store,
    health: Health,
    stop: Event,
    report: Report,
    interval: float,
    skip_lost: bool,
) -> None:
    prepare_tables([table.address for table in tables_of(stream)])
    partitions = reader.list_partitions()
    closed_at = time.monotonic() - interval
    while not stop.is_set():
        held = leases.settle(partitions)
        if held != set(reader.positions):
            report(f"{stream.name}: reading {len(held)} of {len(partitions)} partitions {sorted(held)}")
            assign(reader, held, skip_lost)
        if not held:
            stop.wait(interval)
        left = closed_at + interval - time.monotonic()
        batch = reader.take(BATCH_MESSAGES, max(left, 0.05))
        closed_at = time.monotonic()
        if batch.messages:
            published = publish_batch(stream, reader, batch, health.name_run(), store)
            health.note_batch(published, len(batch.messages))
            if min(partitions) in held and health.batches % COMPACTED_BATCHES == 0:  # one consumer does it for all
                compact([*flush_ledger(), *list_written(stream)])
        health.beat(store, reader, report)


def assign(reader: TopicReader, partitions: set[int], skip_lost: bool) -> None:
    with closing(connect()) as con:
        known = read_positions(con, reader.topic)
    reader.assign({p: known.get(p) for p in partitions}, skip_lost)


def publish_batch(stream: Stream, reader: TopicReader, batch: Batch, run_id: str, store: Store) -> Published:
    """One micro-batch as one run; what the steps told each other is deleted at its end."""
    landed = land_batch(stream, reader, batch, store)
    run = Run(run_id, stream, "stream", store)
    leave_manifest(run, stream, [landed.key], landed.offsets)
    published = publish_taken(run)
    store.remove_run(run_id)
    return published


def list_written(stream: Stream) -> list[str]:
    """The tables that batches of a stream leave small files in."""
    tables = tables_of(stream)
    return [*(table.address for table in tables), *(f"quarantine.{table.name}" for table in tables)]


def describe(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
