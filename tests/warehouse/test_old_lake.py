"""A lake that an earlier release wrote answers the same, is brought up to date in one snapshot, and goes on."""

import gzip
import zipfile
from datetime import date
from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.flows.decisions import publish_taken
from tests.old_lake import FOLDER, ask, list_changed, read_questions, restore_lake
from tests.runs import begin
from transforms.reworded import REWORDED
from watershed.flows.ingest.land import land_file, take_arrivals
from watershed.flows.marts import build_stale_marts
from watershed.settings import load_settings
from watershed.warehouse.connection import connect
from watershed.warehouse.lake_version import is_up_to_date, read_lake_version
from watershed.warehouse.publish import prepare, read_snapshot
from watershed.warehouse.schema.ddl import is_prepared

GROWN = '10.0.0.{n} - - [05/Mar/2024:10:{n:02}:00 +0000] "GET /grown/{n} HTTP/1.1" 200 {size}\n'


@pytest.mark.servers
def test_a_lake_of_0_1_0_answers_the_same_and_goes_on(lake: EmptyLake, tmp_path: Path) -> None:
    restore_lake(lake)
    questions = read_questions()
    assert list_changed(questions) == {}

    con = connect()
    assert (read_lake_version(con), is_prepared(con, [])) == (0, False)
    before = read_snapshot(con)
    prepare(load_settings())
    assert (is_up_to_date(connect()), is_prepared(connect(), []), read_snapshot(connect())) == (True, True, before + 3)
    changing = [one for one in questions if one.about.startswith(("ledger", "requests", "marts"))]
    assert list_changed(changing) == {}
    assert ask("SELECT row_count FROM ml.models") == [["44"]]  # the engine's word for interaction_count

    take_arrivals(begin("access_logs", "rebuilt"), date(2024, 3, 4))
    publish_taken("access_logs", "rebuilt")
    for asked in (one for one in questions if one.about.startswith("requests")):
        assert reword(ask(asked.query)) == reword(asked.rows), asked.about

    grown = tmp_path / "web-2-2024-03-05.log"
    grown.write_text("".join(GROWN.format(n=n, size=100 + n) for n in range(50)))
    land_file("access_logs", grown, origin="web-2")
    take_arrivals(begin("access_logs", "grown"))
    assert publish_taken("access_logs", "grown").refused == {}
    build_stale_marts("marts")
    pages = "FROM mart.top_pages WHERE starts_with(path, '/grown/')"
    assert ask(f"SELECT count(*), sum(request_count) {pages}") == [["50", "50"]]
    assert list_changed([one for one in questions if one not in changing]) == {}


def reword(rows: list[list[str]]) -> list[list[str]]:
    """Why a line cannot be read, in today's words: what is read again is told in these."""
    return [[REWORDED.get(value, value) for value in row] for row in rows]


def test_it_names_no_machine() -> None:
    dump = gzip.decompress((FOLDER / "catalog.sql.gz").read_bytes())
    with zipfile.ZipFile(FOLDER / "objects.zip") as objects:
        contents = [objects.read(name) for name in objects.namelist()]
    assert not any(place in content for content in (dump, *contents) for place in (b"/tmp/", b"/home/", b"/work/"))
