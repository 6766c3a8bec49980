"""Section, peer: dlt reads a topic into DuckDB: a resource that yields pages of parsed messages, Parquet to load."""

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import dlt
from confluent_kafka import Consumer, TopicPartition

PAGE = 10_000
WORK_FOLDER, BROKERS, TOPIC, LIMIT = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
PARTITIONS = 4


@dlt.resource(columns={"at": {"data_type": "timestamp"}})
def photo_events() -> Iterator[list[dict[str, Any]]]:
    consumer = Consumer({"bootstrap.servers": BROKERS, "group.id": "dlt", "enable.auto.commit": False})
    consumer.assign([TopicPartition(TOPIC, partition, 0) for partition in range(PARTITIONS)])
    read = 0
    while read < LIMIT:
        messages = consumer.consume(min(PAGE, LIMIT - read), 1.0)
        page = [json.loads(m.value()) for m in messages if m.error() is None]
        read += len(page)
        yield page
    consumer.close()


if __name__ == "__main__":
    os.environ.setdefault("NORMALIZE__WORKERS", "2")
    began = time.perf_counter()
    destination = dlt.destinations.duckdb(f"{WORK_FOLDER}/events.duckdb")
    pipeline = dlt.pipeline("events", destination=destination, dataset_name="core", pipelines_dir=WORK_FOLDER)
    pipeline.run(photo_events(), loader_file_format="parquet", write_disposition="replace")
    rows = pipeline.last_trace.last_normalize_info.row_counts["photo_events"]
    print(json.dumps({"seconds": time.perf_counter() - began, "rows": rows}))
