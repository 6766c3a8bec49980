"""What a run takes: what is new, however it came into the bucket."""

import gzip
from datetime import date
from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.runs import begin
from watershed.flows.ingest.land import find_arrivals, land_file, take_arrivals
from watershed.lake.store import open_store
from watershed.warehouse.connection import connect

pytestmark = pytest.mark.servers

LINE = b"02:49:12 127.0.0.1 GET /img13.jpg 200\n"


def test_object_that_a_producer_put_there(lake: EmptyLake) -> None:
    """No `watershed land`, no metadata: the day is in the name."""
    store = open_store()
    key = "raw/access_logs/web-7/access-2026-11-03.log.gz"
    store.client.put_object(Bucket=store.bucket, Key=key, Body=gzip.compress(LINE * 3))
    assert find_arrivals("access_logs") == [key]
    main("access_logs", "run")
    rows = connect().execute("SELECT DISTINCT raw_object, requested_at::DATE, count(*) OVER () FROM core.requests")
    assert rows.fetchall() == [(key, date(2026, 11, 3), 3)]
    assert find_arrivals("access_logs") == []


def test_metadata_of_others_says_nothing_to_us(lake: EmptyLake) -> None:
    """A producer's own metadata may have our words for something else, and texts that no table holds."""
    store, dated = open_store(), b'10.0.0.1 - - [25/Jun/2020:02:49:12 +0000] "GET /%d HTTP/1.1" 200 5\n'
    said = [
        {"day": "Monday"},
        {"content-sha256": "x"},
        {"content-sha256": "x", "content-bytes": "many", "head-sha256": "y"},
        {"sha256": "z", "separate": "no", "continues": "nothing raw/access_logs/nothing"},
        {"name": "\\ud800", "origin": "a\\u0000b"},
        {"name": "\\"},
    ]
    for number, metadata in enumerate(said):
        key = f"raw/access_logs/web 7/[*?]%20#{number}.log"
        store.client.put_object(Bucket=store.bucket, Key=key, Body=dated % number, Metadata=metadata)
    main("access_logs", "run")
    assert connect().execute("SELECT count(*) FROM core.requests").fetchone() == (len(said),)


def test_rebuild_takes_the_objects_of_the_days(lake: EmptyLake, tmp_path: Path) -> None:
    keys = []
    for day in (1, 2, 3):
        path = tmp_path / f"access-2026-11-0{day}.log"
        path.write_bytes(LINE)
        keys.append(land_file("access_logs", path).key)
    main("access_logs", "run")
    assert take_arrivals(begin("access_logs", "again"), date(2026, 11, 2), date(2026, 11, 3))["objects"] == 2
    assert open_store().read_json("runs/again/land.json")["objects"] == sorted(keys[1:])
    assert take_arrivals(begin("access_logs", "none"), date(2025, 1, 1))["objects"] == 0
