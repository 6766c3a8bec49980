"""Serving views: one answer from both layers, the same before and after rows move from one to the other."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sample.layers import Viewing, publish_rows, publish_viewings
from tests.empty_lake import EmptyLake
from watershed.declarations import load_speed_tables
from watershed.declarations.table import Table
from watershed.flows.marts import build_stale_mart
from watershed.settings import load_settings
from watershed.warehouse.connection import connect, forget_engines
from watershed.warehouse.schema.marts import find_mart
from watershed.warehouse.schema.views import find_view
from watershed.warehouse.staleness import find_stale_days

BOUND = 0.065  # of 99 in 100 approximate counts; the one here is always the same
WINDOWS = ("serve.views_last_1_minute", "serve.views_last_5_minutes", "serve.views_last_60_minutes")
NOON = datetime(2026, 3, 1, 12)
DAY = timedelta(days=1)
TABLES = list(load_speed_tables().values())


def ask(query: str, snapshot: int | None = None) -> list[tuple[Any, ...]]:
    return connect(load_settings(), read_only=True, snapshot=snapshot).execute(query).fetchall()


def ago(**much: float) -> datetime:
    return datetime.now(UTC).replace(tzinfo=None) - timedelta(**much)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_views_of_both_layers_say_what_the_contract_says(table: Table) -> None:
    """A view's header stands in for the contract: it changes with it, so that the view is made anew."""
    view = find_view(f"serve.{table.name}")
    declared = [
        (c.name, c.description + (f" [{c.unit}]" if c.unit else "") + (" (personal)" if c.personal else ""), c.personal)
        for c in table.all_columns
    ]
    assert [(c.name, c.description, c.personal) for c in view.columns] == declared
    assert (view.owner, view.grain) == (table.owner, table.grain)


@pytest.mark.servers
def test_an_empty_lake_gives_empty_answers(lake: EmptyLake) -> None:
    for view in WINDOWS:
        assert ask(f"FROM {view}") == [(0, 0, 0, None)]
    for name in ("most_watched_now", "film_days", "film_minutes_daily", *(table.name for table in TABLES)):
        assert ask(f"FROM serve.{name}") == []


@pytest.mark.servers
def test_a_row_is_there_once_in_whichever_layer(lake: EmptyLake) -> None:
    for table in TABLES:
        values = {c.name: NOON if c.name == table.day else fill(c.name) for c in table.columns if not c.nullable}
        publish_rows(f"core.{table.name}", "raw/batch", [values])
        publish_rows(table.address, "raw/stream", [values, values])
        before = ask(f"FROM serve.{table.name} ORDER BY raw_object, raw_line")
        assert len(before) == 3
        publish_rows(f"core.{table.name}", "raw/stream", [values, values])
        assert ask(f"FROM serve.{table.name} ORDER BY raw_object, raw_line") == before
        assert ask(f"FROM {table.address}") == []


def fill(column: str) -> object:
    return {"film_id": "film", "server": "recommender", "film_ids": ["film"]}.get(column, 1)


@pytest.mark.servers
def test_the_last_minutes_are_the_same_after_promotion(lake: EmptyLake) -> None:
    """By UTC in any time zone; an event of tomorrow does not count yet, and one of yesterday no more."""
    newest = ago(seconds=2)
    moments = [newest, ago(minutes=3), ago(minutes=30), ago(days=1), ago(days=-1)]
    publish_viewings("core.watch_minutes", "raw/batch", [(moments[1], 1, "old"), (moments[2], 2, "old")])
    streamed = [(at, user, film) for at in moments for user, film in ((1, "new"), (2, "new"), (2, "old"))]
    publish_viewings("speed.watch_minutes", "raw/stream", streamed)
    expected = [[(3, 2, 2, newest)], [(7, 2, 2, newest)], [(11, 2, 2, newest)]]
    ranks = [(1, "new", "new", 4, 2), (2, "old", "old", 3, 2)]
    assert [ask(f"FROM {view}") for view in WINDOWS] == expected
    assert ask("FROM serve.most_watched_now") == ranks
    publish_viewings("core.watch_minutes", "raw/stream", streamed)
    con = connect(load_settings(), read_only=True)
    con.execute("SET TimeZone = 'America/New_York'")
    assert [con.execute(f"FROM {view}").fetchall() for view in WINDOWS] == expected
    assert ask("FROM serve.most_watched_now") == ranks


@pytest.mark.servers
def test_most_watched_takes_titles_from_the_films(lake: EmptyLake) -> None:
    publish_viewings("core.watch_minutes", "raw/batch", [(ago(seconds=1), 1, "the+third+man+1949")])
    build_stale_mart("films", "films")
    publish_viewings("speed.watch_minutes", "raw/stream", [(ago(seconds=1), user, "a+new+one+2026") for user in (1, 2)])
    titles = ask("SELECT film_id, title FROM serve.most_watched_now ORDER BY popularity_rank")
    assert titles == [("a+new+one+2026", "a+new+one+2026"), ("the+third+man+1949", "the third man")]


@pytest.mark.servers
@pytest.mark.parametrize("seed", range(2))
def test_days_are_right_at_every_snapshot(lake: EmptyLake, seed: int) -> None:
    """Batches, micro-batches with late rows, promotions and builds of the mart in any order."""
    chance, objects, truths = random.Random(seed), dict[str, list[Viewing]](), dict[int, dict[Any, Any]]()
    speedy: list[str] = []
    for step in range(12):
        action = chance.choice(["batch", "stream", "stream", "promote", "build"])
        if action == "build":
            build_stale_mart("film_popularity_daily", f"build{step}")
        elif action == "promote" and speedy:
            name = speedy.pop(chance.randrange(len(speedy)))
            objects[name] = objects[name][chance.randrange(2) :]  # recomputed, it may be one less
            truths[publish_viewings("core.watch_minutes", name, objects[name])] = count_days(objects)
        else:
            name, layer = f"raw/{step}", "core" if action == "batch" else "speed"
            objects[name] = [imagine(chance) for _ in range(12)]
            speedy += [name] * (layer == "speed")
            truths[publish_viewings(f"{layer}.watch_minutes", name, objects[name])] = count_days(objects)
        compare_days(count_days(objects))
        compare_with_staleness()
    for snapshot, truth in list(truths.items())[::4]:
        compare_days(truth, snapshot)
    forget_engines()


def imagine(chance: random.Random) -> Viewing:
    late = chance.choice([0, 0, 0, 1, 5])
    return NOON - late * DAY, chance.randrange(8), chance.choice(["a", "b", "c"])


def count_days(objects: dict[str, list[Viewing]]) -> dict[tuple[date, str], tuple[int, int]]:
    """Minutes and viewers by day and film."""
    found: dict[tuple[date, str], list[int]] = {}
    for at, user, film in (viewing for viewings in objects.values() for viewing in viewings):
        found.setdefault((at.date(), film), []).append(user)
    return {key: (len(users), len(set(users))) for key, users in found.items()}


def compare_days(truth: dict[tuple[date, str], tuple[int, int]], snapshot: int | None = None) -> None:
    rows = ask("FROM serve.film_minutes_daily", snapshot)
    assert len(rows) == len(truth)
    assert {(day, film): minutes for day, film, minutes, *_ in rows} == {key: n for key, (n, _) in truth.items()}
    for day, film, _, viewers, is_exact in rows:
        assert abs(viewers - truth[day, film][1]) <= (0 if is_exact else 1), (day, film, snapshot)


def compare_with_staleness() -> None:
    """What the view takes from the mart is what staleness says of the days of core."""
    stale = set(find_stale_days(connect(load_settings(), read_only=True), find_mart("film_popularity_daily")))
    changed = {row[0] for row in ask("SELECT day FROM ledger.days WHERE table_name = 'core.watch_minutes'")}
    assert {row[0] for row in ask("SELECT watched_date FROM serve.film_days WHERE is_built")} == changed - stale


@pytest.mark.servers
def test_viewers_are_counted_within_the_stated_error(lake: EmptyLake) -> None:
    moment = ago(seconds=1)
    viewings = [(moment, 1 + 7 * user, "film") for user in range(20_000)]
    publish_viewings("core.watch_minutes", "raw/batch", viewings[:12_000])
    publish_viewings("speed.watch_minutes", "raw/stream", viewings[8_000:])
    counts = [
        *ask("SELECT viewer_count FROM serve.views_last_5_minutes"),
        *ask("SELECT viewer_count FROM serve.most_watched_now"),
        *ask("SELECT viewer_count FROM serve.film_minutes_daily"),
    ]
    assert counts == [counts[0]] * 3
    assert abs(counts[0][0] / 20_000 - 1) <= BOUND
    build_stale_mart("film_popularity_daily", "build")
    assert ask("SELECT viewer_count, is_viewer_count_exact FROM serve.film_minutes_daily") == [(20_000, True)]


@pytest.mark.servers
def test_only_files_that_matter_are_read(lake: EmptyLake) -> None:
    """One file a day in core: of the last minutes the newest, of film days those that the mart has not."""
    latest = ago(seconds=1)
    for days in range(6):
        publish_viewings("core.watch_minutes", f"raw/{days}", [(latest - days * DAY, 1, "film")])
    assert count_files("FROM serve.watch_minutes") == 6
    assert count_files("FROM serve.views_last_60_minutes") == count_files("FROM serve.most_watched_now") == 1
    daily, another = "FROM serve.film_minutes_daily", "WHERE film_id = 'another'"
    of_day = f"WHERE watched_date = DATE '{latest.date() - 3 * DAY}'"
    assert count_files(daily) == 6
    assert count_files(f"{daily} {of_day}") == 1
    build_stale_mart("film_popularity_daily", "build")
    assert [count_files(f"{daily} {condition}") for condition in ("", of_day, another)] == [0, 0, 0]
    publish_viewings("core.watch_minutes", "raw/again", [(latest - 2 * DAY, 2, "film")])
    publish_viewings("speed.watch_minutes", "raw/late", [(latest - 4 * DAY, 1, "film")])
    assert count_files(daily) == 3  # two of the day whose mart is stale, one of the day of the late row


def count_files(query: str) -> int:
    """How many files of core.watch_minutes a query reads."""
    con = connect(load_settings(), read_only=True)
    con.execute("SET TimeZone = 'America/New_York'")
    row = con.execute(f"EXPLAIN (ANALYZE, FORMAT json) {query}").fetchone()
    assert row
    return sum(int(scan.get("Total Files Read", 0)) for scan in find_scans(json.loads(row[1])))


def find_scans(node: dict[str, Any]) -> list[dict[str, Any]]:
    about = node.get("extra_info") or {}
    own = [about] if "core/watch_minutes" in json.dumps(about.get("Filename(s)", "")) else []
    return own + [scan for child in node.get("children", ()) for scan in find_scans(child)]
