"""What the speed layer published is computed again, compared and replaced."""

from datetime import datetime

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.messages import ask, make_event, make_lines, send, stage_and_check
from tests.runs import begin
from watershed.flows.streams.parity import settle, take_sample, take_speed
from watershed.warehouse.connection import connect

pytestmark = pytest.mark.servers


def test_lines_go_to_the_speed_layer_until_recomputed(lake: EmptyLake, topics: dict[str, str]) -> None:
    values = [*make_lines(30), b"2026-11-01T13:45,7,GET /rate/toy+story+3+2010=4", b"no line"]
    send(topics["watch_events"], values, [f"id{n}" for n in range(len(values))])
    main("watch_events", "speed")
    assert count_layers("watch_minutes") == (0, 30)
    assert count_layers("ratings") == (0, 1)
    parked = ask("SELECT raw_object, raw_line, reason FROM quarantine.watch_minutes")
    assert take_speed(begin("watch_events", "early"), datetime(2026, 1, 1))["objects"] == 0
    assert take_speed(begin("watch_events", "batch"), datetime.max)["objects"] == 1
    stage_and_check("watch_events", "batch")
    settled = settle(begin("watch_events", "batch"))
    assert settled.differing == 0
    assert count_layers("watch_minutes") == (30, 0)
    assert count_layers("ratings") == (1, 0)
    assert ask("SELECT raw_object, raw_line, reason FROM quarantine.watch_minutes") == parked
    found = ask("SELECT rows_published, rows_recomputed, rows_missing, rows_surplus FROM ledger.parity")
    assert found == [(30, 30, 0, 0), (1, 1, 0, 0)]
    send(topics["watch_events"], values, [f"id{n}" for n in range(len(values))])
    main("watch_events", "copies")
    assert count_layers("watch_minutes") == (30, 0)


def test_parity_finds_and_repairs_what_was_tampered_with(lake: EmptyLake, topics: dict[str, str]) -> None:
    send(topics["photo_events"], [make_event(n) for n in range(20)])
    main("photo_events", "run")
    con = connect()
    con.execute("DELETE FROM core.photo_events WHERE photo_id = 3")
    con.execute("UPDATE core.photo_events SET path = '/st/wrong.jpg' WHERE photo_id = 4")
    assert take_sample(begin("photo_events", "sample"), 2)["objects"] == 1
    stage_and_check("photo_events", "sample")
    assert settle(begin("photo_events", "sample")).differing == 1
    assert ask("SELECT rows_published, rows_recomputed, rows_missing, rows_surplus FROM ledger.parity") == [
        (19, 20, 2, 1)
    ]
    assert ask("SELECT count(*), count(DISTINCT path) FROM core.photo_events") == [(20, 20)]
    take_sample(begin("photo_events", "again"), 2)
    stage_and_check("photo_events", "again")
    assert settle(begin("photo_events", "again")).differing == 0


def count_layers(table: str) -> tuple[int, int]:
    ((core,),) = ask(f"SELECT count(*) FROM core.{table}")
    ((speed,),) = ask(f"SELECT count(*) FROM speed.{table}")
    return core, speed
