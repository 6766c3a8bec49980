"""Generated messages are the same for the same seed, and their truth is what the reader and the transforms find."""

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow as pa
import pytest

from contracts.photo_events import PHOTO_EVENTS
from contracts.watch_minutes import WATCH_EVENTS, WATCH_LOGS
from sample.apply_accounts import apply_accounts
from sample.generate.accounts import live_days, write_accounts
from sample.generate.photo_events import make_photo_events
from sample.generate.photo_truth import compare_photos, fold_events
from sample.generate.watch_events import make_watch_events, stream_watch_events
from tests.empty_lake import EmptyLake
from tests.runs import begin
from tests.transforms.lines import claim_lines
from watershed.cli.message_lines import find_user
from watershed.declarations import find_table
from watershed.declarations.table import Source, Stream, Table
from watershed.flows.marts import build_mart
from watershed.flows.run import run_source
from watershed.settings import load_kafka
from watershed.sources.kafka import RAW_SCHEMA, SCHEMA, build_records
from watershed.synthetic.messages import Message
from watershed.synthetic.producer import produce
from watershed.warehouse.connection import connect

DAYS = [date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 2)]
ROWS = 4000
START = datetime(2024, 2, 29, 23, 59, 30, 500_000)
PROGRAM = """
import sys
from datetime import date, datetime
from sample.generate.photo_events import make_photo_events
from sample.generate.watch_events import make_watch_events
print(make_photo_events([date(2024, 3, 1), date(2024, 3, 2)], 500, int(sys.argv[1])))
print(make_watch_events(500, int(sys.argv[1]), datetime(2024, 3, 1), 60))
"""
Made = tuple[list[Message], dict[str, Any]]


@pytest.fixture(scope="module")
def photo_events() -> Made:
    return make_photo_events(DAYS, ROWS, seed=7)


@pytest.fixture(scope="module")
def rows(photo_events: Made) -> list[dict[str, Any]]:
    """What the transform makes of the messages, bad ones and repeated ones too."""
    return stage(PHOTO_EVENTS, find_table("photo_events"), read_messages(PHOTO_EVENTS, photo_events[0]))


def stage(source: Source, table: Table, records: pa.Table) -> list[dict[str, Any]]:
    """The readable records as a table of the source gets them."""
    fields = ((f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in SCHEMA)
    claimed = claim_lines(source, table, ibis.table(ibis.Schema.from_pyarrow(pa.schema(fields)), name="records"))
    transform = getattr(import_module(f"transforms.{table.name}"), f"from_{source.name}")
    with duckdb.connect() as con:
        con.register("records", records)
        return con.execute(str(ibis.to_sql(transform(claimed), dialect="duckdb"))).to_arrow_table().to_pylist()


def read_messages(stream: Stream, messages: list[Message]) -> pa.Table:
    """Records of the messages, as if they had come through a topic of one partition."""
    empty = {field.name: [None] * len(messages) for field in RAW_SCHEMA}
    headers = [[] if m.event_id is None else [{"name": "event-id", "value": m.event_id.encode()}] for m in messages]
    taken = {"value": [m.value for m in messages], "offset": range(len(messages)), "headers": headers}
    columns = [pa.array((empty | taken)[field.name], field.type) for field in RAW_SCHEMA]
    return build_records(stream, "raw/x", pa.Table.from_arrays(columns, schema=RAW_SCHEMA))


def test_same_seed_same_messages() -> None:
    printed = []
    for seed, hash_seed in (("1", "0"), ("1", "1"), ("2", "0")):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        done = subprocess.run([sys.executable, "-c", PROGRAM, seed], env=environment, check=True, capture_output=True)
        printed.append(done.stdout.splitlines())
    assert printed[0] == printed[1]
    assert all(one != other for one, other in zip(printed[1], printed[2], strict=True))


def test_photo_messages_balance(photo_events: Made) -> None:
    messages, truth = photo_events
    assert len(messages) == truth["messages"]
    assert len(messages) == truth["rows"] + truth["deduplicated"] + sum(truth["quarantined"].values())
    assert sum(truth["kinds"].values()) == truth["rows"] > 0.8 * ROWS
    assert truth["deduplicated"] > 50


def test_the_transform_finds_the_photo_events(photo_events: Made, rows: list[dict[str, Any]]) -> None:
    messages, truth = photo_events
    good = [row for row in rows if row["problem"] is None]
    # Of what is malformed, the reader rejects what looks like JSON and is not, the transform the rest.
    assert truth["quarantined"]["unreadable"] < len(messages) - len(rows) < sum(truth["quarantined"].values())
    assert len(messages) - len(good) == sum(truth["quarantined"].values())
    assert len(good) == truth["rows"] + truth["deduplicated"]
    kinds = {row["event_id"]: row["kind"] for row in good}
    assert len(kinds) == truth["rows"]
    assert Counter(kinds.values()) == truth["kinds"]


def test_photos_are_what_replaying_in_order_gives(photo_events: Made, rows: list[dict[str, Any]]) -> None:
    """Another way to the same state: in the order of the stamps, each event overwrites what it says."""
    photos: dict[int, dict[str, Any]] = {}
    for row in sorted((row for row in rows if row["problem"] is None), key=lambda row: row["stamp"]):
        photo = photos.setdefault(row["photo_id"], {"kinds": set()})
        photo["kinds"].add(row["kind"])
        photo |= {name: row[name] for name in ("user_id", "camera_id", "title") if row[name] is not None}
        photo |= {name: row[name] for name in ("path", "file_bytes") if row["path"] is not None}
    exist = {k: p for k, p in photos.items() if "addPhoto" in p["kinds"] and "deletePhoto" not in p["kinds"]}
    truth = photo_events[1]
    assert len(exist) == truth["photos"]
    assert sum(photo["file_bytes"] for photo in exist.values()) == truth["file_bytes"]
    assert sum("title" in photo for photo in exist.values()) == truth["titles"]
    *_, (_, database) = live_days(DAYS, ROWS, 7)
    differing = {
        key
        for key, row in database.rows["photos"].items()
        if key not in exist or any(exist[key][name] != row[name] for name in ("user_id", "path", "file_bytes"))
    }
    assert {int(key) for key in truth["differences"]} == differing | exist.keys() - database.rows["photos"].keys()


def test_differences_are_of_all_sorts_and_few(photo_events: Made) -> None:
    truth = photo_events[1]
    sorts = Counter(", ".join(names) for names in truth["differences"].values())
    assert sorts.keys() == {"only in events", "only in accounts", "file_bytes"}
    assert sum(sorts.values()) < 0.05 * truth["photos"]


def test_leaders_disagree_and_come_late(photo_events: Made, rows: list[dict[str, Any]]) -> None:
    good = [row for row in rows if row["problem"] is None]
    versions = {(row["photo_id"], row["version"], row["event_id"]) for row in good}
    rivals = Counter((photo, version) for photo, version, _ in versions)
    late = sum(row["occurred_at"] > after["occurred_at"] for row, after in pairwise(good))
    assert max(rivals.values()) == 2
    assert len({row["leader"] for row in good}) > 100
    assert late > 0.1 * len(good)


def test_all_formats_occur(photo_events: Made) -> None:
    starts = Counter(m.value[:5] if m.value[:1] == b"\0" else b"{" for m in photo_events[0] if m.value)
    assert min(starts[b"\0\0\0\0" + number] for number in (b"\1", b"\2", b"\3")) > 50
    assert sum(len(m.value or b"") > PHOTO_EVENTS.message_bytes for m in photo_events[0]) == 1


def test_the_fold_minds_no_order() -> None:
    added = {"event_id": "a", "event": "addPhoto", "id": 1, "user": 1, "path": "/a", "bytes": 1, "camera": 4}
    one = {"event_id": "b", "event": "updatePhotoData", "id": 1, "title": "one", "camera": 5}
    two = {"event_id": "c", "event": "replacePhoto", "id": 1, "path": "/b"}
    stamped = {"leader": "x", "at": "2024-03-01T00:00:00Z"}
    events = [event | stamped | {"version": version} for version, event in ((1, added), (2, one), (2, two))]
    expected = {1: {"user": 1, "camera": 5, "title": "one", "path": "/b", "bytes": None}}
    assert fold_events(events) == fold_events(events[::-1]) == fold_events(events + events) == expected
    gone = events[0] | {"event": "deletePhoto", "event_id": "d"}
    assert fold_events([gone, *events]) == fold_events(events[1:]) == {}
    row = {"user_id": 2, "path": "/b", "file_bytes": 7, "camera_id": None}
    assert compare_photos(expected, {1: row}) == {1: ["owner", "camera"]}
    assert compare_photos(expected, {2: row}) == {1: ["only in events"], 2: ["only in accounts"]}


def test_watch_events_are_true() -> None:
    messages, truth = make_watch_events(5000, 7, START, 60)
    records = read_messages(WATCH_EVENTS, messages)
    ids = records.column("event_id").to_pylist()
    assert len(set(ids)) == truth["lines"] == 5000
    assert len(ids) - 5000 == truth["deduplicated"] > 10
    distinct = list({message.event_id: message for message in messages}.values())
    records = read_messages(WATCH_EVENTS, distinct)
    unreadable = len(records.column("problem").drop_null())
    assert unreadable == truth["tables"]["watch_minutes"]["quarantined"]["unreadable"]
    for name, told in truth["tables"].items():
        found = stage(WATCH_LOGS, find_table(name), records)
        bad = Counter(told["quarantined"])
        assert sum(row["problem"] is not None for row in found) == bad["malformed"]
        assert len(found) == told["rows"] + bad.total() - bad["unreadable"]


def test_watch_events_happen_when_told() -> None:
    messages, truth = make_watch_events(2000, 7, START, 60)
    days = Counter(message.value[:10] for message in messages if message.value)
    assert days[b"2024-02-29"] == pytest.approx(days[b"2024-03-01"], rel=0.1)
    assert set(truth["tables"]["watch_minutes"]["days"]) == {"2024-02-29", "2024-03-01"}
    assert sum(find_user(message.value or b"") == message.key for message in messages) > 0.98 * len(messages)


def test_a_long_stream_of_watch_events_has_no_id_twice() -> None:
    messages = list(stream_watch_events(45_000, 7, START, 1000))
    distinct = {message.event_id: message for message in messages}
    assert len(distinct) == 45_000
    assert b"T00:00:1" in list(distinct.values())[-1].value[:20]  # type: ignore[index]


@pytest.mark.servers
def test_the_platform_finds_the_photos(
    photo_events: Made, lake: EmptyLake, topics: dict[str, str], tmp_path: Path
) -> None:
    messages, truth = photo_events
    produce(messages, topics["photo_events"], load_kafka())
    write_accounts(tmp_path, DAYS, ROWS, 7)
    apply_accounts(lake.environment["WATERSHED_ACCOUNTS_URL"], tmp_path)
    for source in ("photo_events", "accounts"):
        ingest(source)
    build_mart("photo_differences", "mart", None)
    con = connect(read_only=True)
    books = "SELECT sum(rows_written), sum(rows_deduplicated), sum(rows_quarantined) FROM ledger.books WHERE source = ?"
    expected = (truth["rows"], truth["deduplicated"], sum(truth["quarantined"].values()))
    assert con.execute(books, ["photo_events"]).fetchone() == expected
    photos = con.execute("SELECT count(*), sum(file_bytes), count(title) FROM core.photos_now").fetchone()
    assert photos == (truth["photos"], truth["file_bytes"], truth["titles"])
    found = con.execute("SELECT photo_id, differences FROM mart.photo_differences").fetchall()
    assert {str(photo): names for photo, names in found} == truth["differences"]


@pytest.mark.servers
def test_the_platform_finds_the_watch_events(lake: EmptyLake, topics: dict[str, str]) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    messages, truth = make_watch_events(3000, 7, now - timedelta(minutes=1), 60)
    produce(messages, topics["watch_events"], load_kafka())
    ingest("watch_events")
    con = connect(read_only=True)
    for name, told in truth["tables"].items():
        books = "SELECT sum(rows_written), sum(rows_quarantined) FROM ledger.books WHERE table_name = ?"
        expected = (told["rows"], sum(told["quarantined"].values()))
        assert con.execute(books, [f"speed.{name}"]).fetchone() == expected
    [(repeated,)] = con.execute("SELECT sum(rows_deduplicated) FROM ledger.books").fetchall()
    assert repeated == truth["deduplicated"]


def ingest(source: str) -> None:
    run_source(begin(source, source))
