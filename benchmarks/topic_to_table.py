"""How many messages a second go from a topic into a published, checked table, with one consumer and with two?

A backlog of photo events is read by `watershed stream start`'s own loop into an empty lake, beside a bare loop that
writes what it consumes to local Parquet, and dlt.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path

from benchmarks.answer import Answer, Goal, Measured
from benchmarks.bench import Bench, empty_lake, our_python
from benchmarks.measure import run_section
from watershed.declarations import find_stream, tables_of
from watershed.settings import load_kafka, load_settings, topic_name

STREAM = find_stream("photo_events")
PARTITIONS = 4
GOAL_PER_S = 200_000


def ask(bench: Bench) -> Answer:
    from benchmarks.produce_events import make_events
    from watershed.stack.kafka import create_topics
    from watershed.synthetic.producer import produce
    from watershed.warehouse.publish import prepare

    count = bench.lines // 5
    prefix = f"bench-{count}-"
    os.environ["WATERSHED_TOPIC_PREFIX"] = prefix
    topic = f"{prefix}{STREAM.topic}"
    if create_topics(load_kafka(), [topic], PARTITIONS):
        produce(make_events("backlog", count), topic, load_kafka() | {"linger.ms": "200"})
    ours, both = Measured("watershed, one consumer", count), Measured("watershed, two consumers", count)
    floor = Measured("floor: confluent-kafka to local Parquet", count)
    dlt = Measured("dlt, JSON to DuckDB", count // 20)
    for _ in range(bench.repeat):
        for section, consumers in ((ours, 1), (both, 2)):
            with empty_lake(bench):
                os.environ["WATERSHED_TOPIC_PREFIX"] = prefix
                prepare(load_settings())
                run_section(section, our_python("benchmarks.topic_to_table", "ours", str(count), str(consumers)))
        folder = bench.home.folder("floor")
        run_section(floor, our_python("benchmarks.topic_to_table", "floor", str(count), str(folder)))
        brokers = load_kafka()["bootstrap.servers"]
        peer = [bench.peers_python, str(bench.peers_folder / "read_topic_with_dlt.py")]
        run_section(dlt, [*peer, str(bench.home.folder("dlt-topic")), brokers, topic, str(count // 20)])
    return Answer(
        "A topic's backlog into a table",
        "messages",
        [ours, both, floor, dlt],
        [
            Goal("messages a second, one consumer", count / ours.median, GOAL_PER_S, at_least=True),
            Goal("times the floor", ours.median / floor.median, 10),
            Goal("times as fast as dlt, by message", dlt.per_unit / ours.per_unit, 10, at_least=True),
        ],
        [f"two consumers: {count / both.median:,.0f} messages/s", "broker, S3 and PostgreSQL run on the same cores"],
    )


def ours(count: str, consumers: str) -> dict[str, object]:
    """Time from the first look at the topic to the publish of the last message, in as many processes as consumers."""
    if int(consumers) > 1:
        return share(int(count), int(consumers))
    from watershed.flows.streams.consume import consume

    warm_up()
    stop = threading.Event()
    began = time.perf_counter()
    thread = threading.Thread(target=consume, args=(STREAM, stop, lambda line: None))
    thread.start()
    wait_for(int(count))
    seconds = time.perf_counter() - began
    stop.set()
    thread.join()
    return {"seconds": seconds}


def share(count: int, consumers: int) -> dict[str, object]:
    """Several processes; they start when all are warm, since their start-up is not what is asked."""
    import subprocess

    command = our_python("benchmarks.topic_to_table", "consumer")
    running = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(consumers)]
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()
    began = time.perf_counter()
    for process in running:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    wait_for(count)
    seconds = time.perf_counter() - began
    for process in running:
        process.terminate()
        process.wait()
    return {"seconds": seconds}


def consumer() -> dict[str, object]:
    from watershed.flows.streams.consume import consume

    warm_up()
    print("warm", flush=True)
    sys.stdin.readline()
    consume(STREAM, threading.Event(), lambda line: None)
    return {}


def warm_up() -> None:
    from benchmarks.run_source import preload_modules
    from watershed.flows.ingest.plan_records import compile_plan

    preload_modules()
    for table in tables_of(STREAM):
        compile_plan(STREAM, table, {})


def wait_for(count: int) -> None:
    """Until so many messages are published."""
    from watershed.warehouse.connection import connect

    con = connect(read_only=True)
    while True:
        row = con.execute("SELECT coalesce(sum(message_count), 0) FROM ledger.offsets").fetchone()
        if row and row[0] >= count:
            return
        time.sleep(0.2)


def floor(count: str, folder: str) -> dict[str, object]:
    """Consume everything and keep it as it is. Nothing is parsed, checked or kept track of."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer(load_kafka() | {"group.id": "floor", "enable.auto.commit": False})
    began, read = time.perf_counter(), 0
    consumer.assign([TopicPartition(topic_name(STREAM.topic), p, 0) for p in range(PARTITIONS)])
    types = {"partition": pa.int32(), "offset": pa.int64(), "key": pa.binary(), "value": pa.binary()}
    schema = pa.schema(types)
    with pq.ParquetWriter(Path(folder) / "floor.parquet", schema, compression="zstd") as writer:
        while read < int(count):
            messages = consumer.consume(10_000, 1.0)
            rows = [[m.partition(), m.offset(), m.key(), m.value()] for m in messages if m.error() is None]
            columns = zip(*rows, strict=True) if rows else ([], [], [], [])
            writer.write_table(pa.table(list(map(list, columns)), schema=schema))
            read += len(rows)
    consumer.close()
    return {"seconds": time.perf_counter() - began}


SECTIONS = {"ours": ours, "floor": floor, "consumer": consumer}

if __name__ == "__main__":
    print(json.dumps(SECTIONS[sys.argv[1]](*sys.argv[2:]), default=str))  # type: ignore[operator]
