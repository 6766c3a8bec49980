"""How long from an event to the answer that knows it, at 14,000 events a second (1.2 billion photos a day)?

A producer sends at that rate for five minutes while `watershed stream start` runs. An event says when it happened; when
it could be queried its snapshot says. Also: what the consumer costs, and what it leaves behind.
"""

import os
import subprocess
import time
from dataclasses import dataclass, field
from statistics import median

import psutil

from benchmarks.answer import Answer, Goal, Measured
from benchmarks.bench import Bench, empty_lake, our_python
from benchmarks.topic_to_table import wait_for
from watershed.declarations import find_stream
from watershed.settings import load_kafka, load_settings

RATE = 14_000
STREAM = find_stream("photo_events")
LATENCIES = """
    SELECT quantile_cont(late, 0.5), quantile_cont(late, 0.99), max(late)
    FROM (
        SELECT epoch(s.snapshot_time) - epoch(e.occurred_at) AS late
        FROM core.photo_events AS e
        JOIN ducklake_snapshots('lake') AS s ON e.snapshot_id = s.snapshot_id
        WHERE e.snapshot_id > (SELECT min(snapshot_id) FROM ledger.offsets)
    )
"""


@dataclass
class Watched:
    """The consumer while events flow, a look a second."""

    megabytes: list[float] = field(default_factory=list)
    cpu_seconds: float = 0
    seconds: float = 0


def ask(bench: Bench) -> Answer:
    seconds = 300 if bench.lines >= 10_000_000 else 20
    ours = Measured("watershed, event to queryable, p99", RATE * seconds)
    with empty_lake(bench) as lake:
        from watershed.stack.kafka import create_topics
        from watershed.warehouse.publish import prepare

        prepare(load_settings())
        create_topics(load_kafka(), [f"{lake.topic_prefix}{STREAM.topic}"])
        watched, acknowledged = watch_stream(seconds)
        p50, p99, longest, rows = measure_latencies()
        if rows != acknowledged:
            raise ValueError(f"{acknowledged:,} events were acknowledged, the table has {rows:,}")
        left = describe_files()
    ours.seconds.append(p99)
    ours.peak_mb.append(max(watched.megabytes))
    ours.details.append({"p50": p50, "max": longest, "cpu_seconds": watched.cpu_seconds, **left})
    fifth = max(1, len(watched.megabytes) // 5)
    growth = median(watched.megabytes[-fifth:]) / median(watched.megabytes[fifth : 2 * fifth])
    goals = [
        Goal("seconds from event to queryable, p99", p99, 5),
        Goal("cores that the consumer keeps busy", watched.cpu_seconds / watched.seconds, 1),
        Goal("memory at the end, times that of the second fifth of the time", growth, 1.1),
    ]
    notes = [
        f"p50 {p50:.2f} s, p99 {p99:.2f} s, longest {longest:.2f} s, for {rows:,} events in {seconds} s",
        f"{left['snapshots']} snapshots; {left['files']} files in the table, {left['files_compacted']} after upkeep",
    ]
    return Answer(f"{RATE:,} events a second, from event to answer", "events", [ours], goals, notes)


def watch_stream(seconds: int) -> tuple[Watched, int]:
    """Run consumer and producer. Returns what the consumer cost, and how many events were acknowledged."""
    consumer = subprocess.Popen(our_python("watershed", "stream", STREAM.name), stdout=subprocess.PIPE, text=True)
    assert consumer.stdout is not None
    consumer.stdout.readline()  # it reads its partitions
    warm_up()
    produce = our_python("benchmarks.produce_events", "--rate", str(RATE), "--seconds", str(seconds))
    # The local broker lists all batches of a partition at every fetch: large batches keep that short for five minutes.
    lingering = os.environ | {"WATERSHED_KAFKA_OPTIONS": '{"linger.ms": "200"}'}
    producer = subprocess.Popen(produce, stdout=subprocess.PIPE, text=True, env=lingering)
    process, watched, began = psutil.Process(consumer.pid), Watched(), time.monotonic()
    spent = sum(process.cpu_times()[:2])
    while producer.poll() is None:
        time.sleep(1)
        watched.megabytes.append(process.memory_info().rss / 1e6)
    watched.cpu_seconds, watched.seconds = sum(process.cpu_times()[:2]) - spent, time.monotonic() - began
    assert producer.stdout is not None
    acknowledged = int(producer.stdout.readline().split()[0].replace(",", "")) + WARM_EVENTS
    wait_for(acknowledged)
    consumer.terminate()
    consumer.wait()
    return watched, acknowledged


WARM_EVENTS = 1000


def warm_up() -> None:
    """A first batch, for which the consumer imports and compiles what it needs."""
    count = ["--count", str(WARM_EVENTS)]
    subprocess.run(our_python("benchmarks.produce_events", *count), check=True, stdout=subprocess.DEVNULL)
    wait_for(WARM_EVENTS)


def measure_latencies() -> tuple[float, float, float, int]:
    """p50, p99 and longest, without the first batch, for which the consumer warmed up; and the number of rows."""
    from watershed.warehouse.connection import connect

    con = connect(read_only=True)
    ((rows,),) = con.execute("SELECT count(*) FROM core.photo_events").fetchall()
    ((p50, p99, longest),) = con.execute(LATENCIES).fetchall()
    return p50, p99, longest, rows


def describe_files() -> dict[str, int]:
    from watershed.flows.upkeep.compact import maintain
    from watershed.warehouse.connection import connect

    def count(query: str) -> int:
        row = connect(read_only=True).execute(query).fetchone()
        return int(row[0]) if row else 0

    files = "SELECT count(*) FROM ducklake_list_files('lake', 'photo_events', schema => 'core')"
    before, snapshots = count(files), count("SELECT count(*) FROM ducklake_snapshots('lake')")
    maintain()
    return {"files": before, "snapshots": snapshots, "files_compacted": count(files)}
