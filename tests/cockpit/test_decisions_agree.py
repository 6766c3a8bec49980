"""After each decision all pages, the monitor and the command say the same of a table."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.cockpit.conftest import forget_other_lakes
from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.decisions import ask, choose_rows, decide, follow, rebuild, write_log
from tests.models.champions import crown
from tests.models.published import rate
from watershed.cockpit.app import make_app
from watershed.cockpit.guards import Guards, Rights
from watershed.flows.decisions.refused_objects import find_refused_objects
from watershed.flows.ingest.land import land_file
from watershed.flows.models.promote import promote
from watershed.models.model import find_model
from watershed.models.registry import find_champion
from watershed.monitoring.questions import Ledger
from watershed.warehouse.connection import connect
from watershed.warehouse.departures import PATTERN
from watershed.warehouse.ledger.cache import MIRROR

pytestmark = pytest.mark.servers

DAY = "2026-11-01"
REFUSED_DAY = "2026-11-03"
NOW = {"Watershed-Part": "all"}  # asks for the newest, as a page that follows a run


@pytest.fixture(scope="module")
def pages(module_lake: EmptyLake) -> Iterator[TestClient]:
    forget_other_lakes()
    anybody = Guards(lambda: "anna", lambda: "anna", lambda: "anna", lambda: Rights(act=True, administer=True))
    with TestClient(make_app(anybody)) as client:
        yield client


def write_mixed(path: Path) -> Path:
    """Three good requests, four lines of no form and two that are no text."""
    named = write_log(path, 1, bad=4)
    named.write_bytes(named.read_bytes() + b"01:00:00 10.0.0.1 GET /\xff 200\n" * 2)
    return named


def choose(reason: str) -> dict[str, Any]:
    """The rows of one reason, as the page offers them."""
    found = f"SELECT {PATTERN}, count(*) FROM quarantine.requests WHERE contains(reason, '{reason}') GROUP BY ALL"
    ((pattern, rows),) = ask(found)
    return choose_rows("requests", "access_logs", "parse") | {"reason": pattern, "rows": rows}


def read(pages: TestClient, address: str) -> str:
    answer = pages.get(address, headers=NOW)
    assert answer.status_code == 200, answer.text
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r'title="([^"]*)"', r">\1<", answer.text)).split())


def find_number(text: str, pattern: str) -> int:
    found = re.search(pattern, text)
    return int(found[1].replace(",", "")) if found else 0


def count_bad(pages: TestClient) -> dict[str, int]:
    """How many rows of core.requests are in quarantine, as everybody tells it."""
    one = f"/tables/core.requests/partitions/{DAY}"
    MIRROR.refresh()
    own = Ledger(MIRROR).ask("SELECT rows_quarantined FROM table_counts WHERE table_name = 'core.requests'")
    return {
        "lake": ask("SELECT count(*) FROM quarantine.requests")[0][0],
        "tables": find_number(read(pages, "/tables?q=core.requests"), r"([\d,]+) rows? in quarantine"),
        "table": find_number(read(pages, "/tables/core.requests"), r"([\d,]+) rows in quarantine"),
        "day": find_number(read(pages, one), r"([\d,]+) bad rows in those objects"),
        "quarantine": find_number(read(pages, "/quarantine"), r"Rows in quarantine ([\d,]+)"),
        "reasons": find_number(read(pages, "/quarantine/requests"), r"([\d,]+) rows, "),
        "monitor": int(own[0][0]),
    }


def test_dropped_rows_are_nowhere_and_stay_away(pages: TestClient, tmp_path: Path) -> None:
    land_file("access_logs", write_mixed(tmp_path / "first"))
    main("access_logs", "one")
    assert set(count_bad(pages).values()) == {6}
    key = ask("SELECT DISTINCT raw_object FROM quarantine.requests")[0][0]
    assert follow(decide("drop", "quarantine.requests", choose("form"), "scanners"), "drop-1").change.rows == 4
    for done in ("drop", "replay", "rebuild"):
        if done == "replay":  # of another row of the same object
            follow(decide("replay", "quarantine.requests", choose("UTF-8")), "replay-1")
        elif done == "rebuild":
            rebuild("access_logs", "again", 1)
        assert set(count_bad(pages).values()) == {2}, done
        listed = read(pages, "/quarantine/requests").partition("Decisions")[0]
        assert "the line matches no known access-log format" not in listed
        line = read(pages, f"/raw?object={key}&line=4").partition("Publishes")[0]
        assert "anna decided to drop it, because scanners" in line and "quarantined" not in line
        books = ask("SELECT rows_read, rows_written, rows_quarantined, rows_filtered FROM ledger.latest_books")
        assert books == [(9, 3, 2, 4)]


def test_left_refused_is_left_everywhere_and_accepted_is_published(pages: TestClient, tmp_path: Path) -> None:
    main("access_logs", "nothing new")
    key = land_file("access_logs", write_log(tmp_path / "refused", 3, good=100, bad=1500)).key
    land_file("access_logs", write_log(tmp_path / "later", 4))
    main("access_logs", "two")
    about = {"source": "access_logs", "objects": [key]}
    day = f"/tables/core.requests/partitions/{REFUSED_DAY}"
    assert "1 day blocked" in read(pages, "/attention") and "✕ blocked" in read(pages, day)
    assert [r.objects for r in Ledger(MIRROR).read_refusals()] == [1]
    follow(decide("leave", "access_logs", about, "a copy"), "leave-1")
    assert "blocked" not in read(pages, "/attention") and "anna has left it so" in read(pages, day)
    assert "left refused" in read(pages, "/tables/core.requests")
    assert "left refused by anna" in read(pages, "/quarantine")
    assert Ledger(MIRROR).read_refusals() == ()
    assert [(one.key, one.left_by) for one in find_refused_objects()] == [(key, "anna")]
    assert "anna has left it refused: a copy" in read(pages, f"/raw?object={key}&line=1")
    follow(decide("accept", "access_logs", about), "accept-1")
    assert "Refused objects" not in read(pages, "/quarantine") and "fresh, with quarantine" in read(pages, day)
    assert find_refused_objects() == []
    assert count_bad(pages) | {"day": 1502} == dict.fromkeys(count_bad(pages), 1502)


def test_a_rollback_is_what_everybody_sees(pages: TestClient) -> None:
    before = ask("SELECT max(snapshot_id) FROM ledger.publishes WHERE run_id = 'again'")[0][0]
    compare = f"/snapshots/compare?table=core.requests&from={before}"
    assert "Roll core.requests back" in read(pages, compare)
    follow(decide("rollback", "core.requests", {"version": before}, "too much"), "back")
    page = read(pages, compare)
    assert "The table is the same at both" in page and "(now)" in page and "Roll core.requests back" not in page
    assert set(count_bad(pages).values()) == {2}
    assert find_number(read(pages, "/tables/core.requests"), r"([\d,]+) rows [\d.]+ ") == 3
    newest = read(pages, "/snapshots").partition("because too much")[2]
    assert "core.requests +0 −103" in newest and "quarantine.requests +0 −1,500" in newest


def test_a_promotion_is_what_everybody_sees(pages: TestClient) -> None:
    for user in (1, 2):
        rate(user, f"film {user}")
    crown(1)
    crown(2)
    done = promote(find_model("recommender"), 1, "anna", "newer films")
    champion = find_champion(connect(), "recommender")
    assert champion and champion.model_version == done.version == 1
    assert ask("SELECT model_version FROM ml.models WHERE state = 'champion'") == [(1,)]
    assert "ml.models +2 −2 anna" in read(pages, "/snapshots")
    assert find_number(read(pages, "/tables/ml.models"), r"([\d,]+) rows [\d.]+ ") == 2
