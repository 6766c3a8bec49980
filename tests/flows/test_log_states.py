"""A log that grows is counted once: what it was gives way to what it is, in one publish.

Most of it is told as stories that share their runs: each has an origin of its own, and others are never its kin.
"""

import gzip
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.decisions import ask, publish_taken
from tests.flows.logs import land, make_log
from tests.runs import begin
from tests.stories import Outcomes, Run, Story, find_stories
from watershed.flows.decisions.refused_objects import find_refused_objects
from watershed.flows.ingest.land import find_arrivals, take_arrivals
from watershed.lake.store import open_store

pytestmark = pytest.mark.servers

ROWS_OF_DAYS = """
    SELECT sum(rows) FROM (
        SELECT arg_max(row_count, snapshot_id) AS rows FROM ledger.days WHERE {} GROUP BY raw_object, day
    )
"""
UNBALANCED = """
    SELECT count(*) FROM ledger.books
    WHERE rows_read <> rows_written + rows_quarantined + rows_deduplicated + rows_filtered
"""


def take(run_id: str) -> None:
    main("access_logs", run_id)


def rebuild_all(run_id: str) -> None:
    take_arrivals(begin("access_logs", run_id), date(2015, 5, 22))
    publish_taken("access_logs", run_id)


def find_objects(origin: str) -> str:
    """The published objects of a story, as a condition."""
    return f"raw_object IN (SELECT raw_object FROM ledger.books WHERE origin = '{origin}')"


def count_rows(origin: str) -> tuple[int, int]:
    """Rows published, and rows in quarantine."""
    condition = find_objects(origin)
    rows, bad = (f"SELECT count(*) FROM {schema}.requests WHERE {condition}" for schema in ("core", "quarantine"))
    (counts,) = ask(f"SELECT ({rows}), ({bad})")
    return counts[0], counts[1]


def find_superseded(origin: str) -> list[tuple[str, str]]:
    condition = f"superseded_by IS NOT NULL AND {find_objects(origin)}"
    return ask(f"SELECT object_name, superseded_by FROM ledger.objects WHERE {condition} ORDER BY ALL")


def a_grown_log_takes_the_place_of_what_it_was(folder: Path) -> Iterator[Run]:
    """Its last line was half, in the middle of a character, at noon."""
    content = make_log(300, "/g") + b"caf\xc3\xa9\n" + make_log(400, "/g")
    noon = land(folder, content[: len(make_log(300, "/g")) + 4], origin="grown")
    yield take
    assert count_rows("grown") == (300, 1)
    midnight = land(folder, content, origin="grown")
    assert open_store().head(midnight).continues == (noon,)
    yield take
    assert count_rows("grown") == (700, 1)
    assert find_superseded("grown") == [("access.log", midnight)]
    condition = find_objects("grown")
    for schema in ("core", "quarantine"):
        assert ask(f"SELECT DISTINCT raw_object FROM {schema}.requests WHERE {condition}") == [(midnight,)]
    books = "SELECT rows_read, rows_filtered FROM ledger.books WHERE origin = 'grown' ORDER BY snapshot_id, 1"
    assert ask(books)[-2:] == [(301, 301), (701, 0)]
    assert not {noon, midnight} & set(find_arrivals("access_logs"))


def three_states_one_after_another_and_at_once(folder: Path) -> Iterator[Run]:
    for count in (40, 80, 120):
        at_once = land(folder, make_log(count, "/once"), f"{count}.log", origin="once")
    for count in (40, 80, 120):
        last = land(folder, make_log(count, "/three"), f"{count}.log", origin="three")
        yield take
    yield take
    for origin, key in (("three", last), ("once", at_once)):
        assert count_rows(origin) == (120, 0)
        assert ask(f"SELECT DISTINCT raw_object FROM core.requests WHERE path = '/{origin}'") == [(key,)]
        assert ask(ROWS_OF_DAYS.format(find_objects(origin))) == [(120,)]
    yield rebuild_all
    assert count_rows("three") == count_rows("once") == (120, 0)


def packed_states_are_compared_by_what_is_inside(folder: Path) -> Iterator[Run]:
    """Plain, then packed, then a member appended, then packed anew."""
    logs = [make_log(count, "/packed") for count in (50, 60, 90, 120)]
    states = (
        ("access.log", logs[0]),
        ("access.log.gz", gzip.compress(logs[1])),
        ("access.log.gz", gzip.compress(logs[1]) + gzip.compress(logs[2][len(logs[1]) :])),
        ("access.log.1.gz", gzip.compress(logs[3], 1)),
    )
    for number, (name, content) in enumerate(states):
        land(folder, content, name, origin="packed")
        yield take
        land(folder, gzip.compress(content), f"copy-{number}.gz", origin="packed") if number == 0 else None
    yield take
    assert count_rows("packed") == (120, 0)


def what_is_contained_in_what_is_there_changes_nothing(folder: Path) -> Iterator[Run]:
    whole = land(folder, make_log(90, "/whole"), origin="whole")
    yield take
    late = {
        land(folder, make_log(5, "/whole"), origin="whole"),  # too little to say anything but by its name
        land(folder, make_log(60, "/whole"), "noon.log", origin="whole"),
    }
    yield take
    assert ask("SELECT count(*), any_value(raw_object) FROM core.requests WHERE path = '/whole'") == [(90, whole)]
    given_way = ask(f"SELECT object_name FROM ledger.objects WHERE superseded_by = '{whole}' ORDER BY 1")
    assert given_way == [("access.log",), ("noon.log",)]
    assert not late & set(find_arrivals("access_logs"))


def others_are_left_alone(folder: Path) -> Iterator[Run]:
    """A header or a first line that others have too, a rotated log, another origin, one that is said to be separate."""
    header = b"#Fields: time c-ip cs-method cs-uri-stem sc-status\n"
    lands = [land(folder, make_log(1, "/others"), "web-1.log", origin="others")]
    lands.append(land(folder, make_log(30, "/others"), "web-2.log", origin="others"))
    yield take
    lands.append(land(folder, make_log(60, "/rotated"), "web-2.log", origin="others"))
    lands.append(land(folder, make_log(70, "/others"), "access.log", origin="others-3"))
    lands.append(land(folder, make_log(80, "/others"), "access.log", origin="others", is_separate=True))
    land(folder, header, "header.log", origin="others")
    yield take
    listed = ", ".join(f"'{key}'" for key in lands)
    rows = f"SELECT count(*) FROM core.requests WHERE raw_object IN ({listed}) GROUP BY raw_object ORDER BY 1"
    assert ask(rows) == [(1,), (30,), (60,), (70,), (80,)]
    assert find_superseded("others") == []


def equal_logs_of_two_servers_are_two_objects(folder: Path) -> Iterator[Run]:
    content = make_log(3, "/equal")
    keys = {land(folder, content, origin=origin) for origin in ("web-1", "web-2", "web-2", None)}
    yield take
    rows = "SELECT count(*) FROM core.requests WHERE path = '/equal'"
    assert (len(keys), ask(rows)) == (3, [(9,)])
    listed = ", ".join(f"'{key}'" for key in keys)
    books = f"SELECT origin, rows_written FROM ledger.books WHERE raw_object IN ({listed}) ORDER BY origin"
    assert ask(books) == [("web-1", 3), ("web-2", 3), (None, 3)]
    land(folder, make_log(5, "/equal"), origin="web-2")
    yield take
    assert ask(rows) == [(11,)]


def lines_of_another_day_are_other_lines(folder: Path) -> Iterator[Run]:
    lines = [b"0%d:49:%02d 127.0.0.1 GET /img13.jpg 200\n" % (n // 60, n % 60) for n in range(90)]
    land(folder, b"".join(lines[:60]), day=date(2026, 11, 1), origin="days")
    yield take
    land(folder, b"".join(lines), day=date(2026, 11, 2), origin="days")
    yield take
    assert count_rows("days") == (150, 0)
    land(folder, b"".join(lines), day=date(2026, 11, 1), origin="days")
    yield take
    assert count_rows("days") == (180, 0)


def objects_that_producers_put_there(folder: Path) -> Iterator[Run]:
    """Without metadata, one of them too long to be measured before it has kin."""
    store = open_store()
    for name, count in (("noon", 900), ("evening", 1800), ("midnight", 2400)):
        key = f"raw/access_logs/web-7/{name}.log"
        store.client.put_object(Bucket=store.bucket, Key=key, Body=make_log(count, "/put"))
        yield take
    assert ask("SELECT count(*), any_value(raw_object) FROM core.requests WHERE path = '/put'") == [(2400, key)]


def a_producer_writes_over_its_own_object(folder: Path) -> Iterator[Run]:
    """The ledger knows the key, and not what is under it now."""
    store, key = open_store(), "raw/access_logs/web-8/access.log"
    for count in (900, 2400):
        store.client.put_object(Bucket=store.bucket, Key=key, Body=make_log(count, "/over"))
        assert key in find_arrivals("access_logs")
        yield take
        assert ask("SELECT count(*) FROM core.requests WHERE path = '/over'") == [(count,)]
        assert key not in find_arrivals("access_logs")
        time.sleep(1)  # S3 says in whole seconds when an object was written
    store.client.put_object(Bucket=store.bucket, Key=key, Body=b"no log\n")
    yield take
    assert key in [one.key for one in find_refused_objects()]
    assert ask(UNBALANCED) == [(0,)]


def a_refused_state_gives_way(folder: Path) -> Iterator[Run]:
    bad = b"".join(b"no line %d\n" % n for n in range(1500))
    noon = land(folder, make_log(100, "/way") + bad, origin="way")
    yield take
    assert noon in [one.key for one in find_refused_objects()]
    midnight = land(folder, make_log(100, "/way") + bad + make_log(20_000, "/way"), origin="way")
    yield take
    assert count_rows("way") == (20_100, 1500)
    assert (midnight,) in ask(f"SELECT superseded_by FROM ledger.objects WHERE raw_object = '{noon}'")
    assert noon not in [one.key for one in find_refused_objects()]


STORIES = find_stories(globals())


@pytest.fixture(scope="module")
def outcomes(module_lake: EmptyLake, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    return Outcomes(STORIES, tmp_path_factory.mktemp("logs"))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_log_is_counted_once(outcomes: Outcomes, story: Story) -> None:
    outcomes.verify(story)
