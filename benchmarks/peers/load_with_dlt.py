"""Section, peer: dlt loads the same lines from the same S3 objects into DuckDB.

As its documentation shows it: a resource that yields pages of dictionaries, a typed column, Parquet as the load format.
The caller sets its advice for speed in the environment.
"""

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import dlt

FORM = re.compile(r"^(\d{4}-\d\d-\d\dT[\d:]+), ?(\d+), ?GET /data/m/([^/]+)/(\d+)\.mpg$")
BUCKET = os.environ["WATERSHED_BUCKET"]
PAGE_LINES = 10_000
WORK_FOLDER, LIMIT = sys.argv[1], int(sys.argv[2])


def read_lines() -> Iterator[str]:
    client = boto3.client(
        "s3",
        endpoint_url=os.environ["WATERSHED_S3_ENDPOINT"],
        region_name="us-east-1",
        aws_access_key_id=os.environ["WATERSHED_S3_ACCESS_KEY"],
        aws_secret_access_key=os.environ["WATERSHED_S3_SECRET_KEY"],
    )
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="raw/watch_logs/"):
        for entry in page["Contents"]:
            for line in client.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].iter_lines(1 << 20):
                yield line.decode(errors="replace")


@dlt.resource(columns={"watched_at": {"data_type": "timestamp"}})
def watch_minutes() -> Iterator[list[dict[str, Any]]]:
    page: list[dict[str, Any]] = []
    for number, line in enumerate(read_lines()):
        if number == LIMIT:
            break
        if found := FORM.match(line):
            watched_at, user_id, film_id, minute = found.groups()
            try:
                moment = datetime.fromisoformat(watched_at).replace(tzinfo=UTC)
            except ValueError:
                continue
            page.append({"watched_at": moment, "user_id": int(user_id), "film_id": film_id, "minute": int(minute)})
        if len(page) == PAGE_LINES:
            yield page
            page = []
    yield page


if __name__ == "__main__":
    began = time.perf_counter()
    destination = dlt.destinations.duckdb(f"{WORK_FOLDER}/watch.duckdb")
    pipeline = dlt.pipeline("bench", destination=destination, dataset_name="core", pipelines_dir=WORK_FOLDER)
    pipeline.run(watch_minutes(), loader_file_format="parquet")
    rows = pipeline.last_trace.last_normalize_info.row_counts["watch_minutes"]
    print(json.dumps({"seconds": time.perf_counter() - began, "rows": rows}))
