"""A table goes back to an earlier version: its rows, its quarantine, its books, and what follows from it."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from sample.apply_accounts import SCHEMA_FILE
from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.decisions import ask, decide, follow, rebuild, write_log
from tests.messages import make_photo_event, send
from watershed.flows.decisions import rollback
from watershed.flows.decisions.apply_decision import carry_out
from watershed.flows.decisions.decide import DataChange
from watershed.flows.decisions.rollback import check_rollback
from watershed.flows.ingest.land import find_arrivals, land_file
from watershed.flows.marts import build_stale_marts
from watershed.settings import source_url
from watershed.warehouse.connection import connect

pytestmark = pytest.mark.servers

INSERT_USER = """
    INSERT INTO users VALUES (1, 'anna', NULL, 'NO', now(), now())
"""
REQUESTS = "SELECT path, count(*) FROM core.requests GROUP BY path ORDER BY path"
PAGES = "SELECT path, request_count FROM mart.top_pages ORDER BY path"
UNBALANCED = """
    SELECT * FROM (
        FROM ledger.books QUALIFY snapshot_id = max(snapshot_id) OVER (PARTITION BY table_name, raw_object)
    ) AS books
    WHERE rows_read <> rows_written + rows_quarantined + rows_deduplicated + rows_filtered
        OR (table_name = 'core.requests' AND (
            rows_written <> (SELECT count(*) FROM core.requests AS r WHERE r.raw_object = books.raw_object)
            OR rows_quarantined <> (SELECT count(*) FROM quarantine.requests AS q WHERE q.raw_object = books.raw_object)
        ))
"""


def read_version() -> int:
    return int(ask("SELECT max(snapshot_id) FROM ledger.publishes")[0][0])


def roll_back(table: str, version: int, run_id: str) -> DataChange:
    return follow(decide("rollback", table, {"version": version}, "the new log is a copy"), run_id).change


def test_table_goes_back_and_forth(lake: EmptyLake, tmp_path: Path) -> None:
    land_file("access_logs", write_log(tmp_path / "old", 1, bad=1))
    land_file("access_logs", write_log(tmp_path / "kept", 2))
    main("access_logs", "one")
    version = read_version()
    land_file("access_logs", write_log(tmp_path / "new", 2, bad=2))
    main("access_logs", "two")
    build_stale_marts("marts-1")
    both = read_version()
    assert check_rollback("core.requests", version) == 1

    done = roll_back("core.requests", version, "back")
    assert (done.rows, done.left, done.days) == (0, 3, ["2026-11-02"])
    assert_told_again(done)
    assert ask(REQUESTS) == [("/kept", 3), ("/old", 3)]
    assert ask("SELECT count(*) FROM quarantine.requests") == [(1,)]
    assert ask(UNBALANCED) == []
    assert find_arrivals("access_logs") == []  # it stays away
    assert build_stale_marts("marts-2")["top_pages"] == ["2026-11-02"]
    assert ask(PAGES) == [("/kept", 3), ("/old", 3)]
    assert ask(
        "SELECT author, commit_message FROM ducklake_snapshots('lake') WHERE snapshot_id = " + str(done.snapshot)
    ) == [
        (
            "anna",
            "publish core.requests: 0 rows into core.requests, because the new log is a copy "
            f"(rolled back to snapshot {version})",
        )
    ]
    with pytest.raises(ValueError, match="nothing to roll back"):
        check_rollback("core.requests", done.snapshot)

    assert roll_back("core.requests", both, "forth").rows == 3  # a rollback is taken back by another
    assert ask(REQUESTS) == [("/kept", 3), ("/new", 3), ("/old", 3)]
    roll_back("core.requests", version, "back again")
    rebuild("access_logs", "from raw", 2)
    assert ask(REQUESTS) == [("/kept", 3), ("/new", 3), ("/old", 3)]
    assert ask("SELECT count(*) FROM quarantine.requests") == [(3,)]
    assert ask(UNBALANCED) == []


def assert_told_again(done: DataChange) -> None:
    """As when a run has died before it could tell which days changed: nothing is done twice, and all is told."""
    ((decision,),) = ask("SELECT decision_id FROM ledger.decisions")
    again = carry_out(decision, "back").change
    assert (again.days, again.snapshot) == (done.days, done.snapshot)


def test_what_came_after_the_decision_stays(lake: EmptyLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And an object that is published again while the rollback is staged is staged anew."""

    land_file("access_logs", write_log(tmp_path / "old", 1))
    main("access_logs", "one")
    version = read_version()
    land_file("access_logs", write_log(tmp_path / "new", 2))
    main("access_logs", "two")
    decision = decide("rollback", "core.requests", {"version": version})
    land_file("access_logs", write_log(tmp_path / "later", 2))
    main("access_logs", "three")
    publish = rollback.publish

    def publish_beside(publication: Any) -> int:
        monkeypatch.setattr(rollback, "publish", publish)
        rebuild("access_logs", "beside", 2)
        return publish(publication)

    monkeypatch.setattr(rollback, "publish", publish_beside)
    follow(decision, "back")
    assert follow(decision, "again").is_done
    assert ask(REQUESTS) == [("/later", 3), ("/old", 3)]
    assert ask(UNBALANCED) == []


def test_version_before_a_column_was_added(lake: EmptyLake, tmp_path: Path) -> None:
    land_file("access_logs", write_log(tmp_path / "old", 1))
    main("access_logs", "one")
    version = read_version()
    rebuild("access_logs", "two", 1)
    connect().execute("ALTER TABLE core.requests ADD COLUMN shade VARCHAR")
    assert roll_back("core.requests", version, "back").rows == 3
    assert ask("SELECT count(*), count(shade) FROM core.requests") == [(3, 0)]


def test_history_goes_back_as_a_whole(lake: EmptyLake) -> None:
    with psycopg.connect(source_url("accounts"), autocommit=True) as accounts:
        accounts.execute(SCHEMA_FILE.read_text())
        accounts.execute(INSERT_USER)
        main("accounts", "one")
        version, before = read_version(), ask("FROM core.users ORDER BY ALL")
        accounts.execute("UPDATE users SET country = 'SE', updated_at = now()")
        main("accounts", "two")
    assert len(ask("FROM core.users")) == 2 * len(before)
    roll_back("core.users", version, "back")
    assert ask("FROM core.users ORDER BY ALL") == before


def test_messages_stay_away_until_their_day_is_rebuilt(lake: EmptyLake, topics: dict[str, str]) -> None:
    send(topics["photo_events"], [make_photo_event(1)])
    main("photo_events", "one")
    version = read_version()
    send(topics["photo_events"], [make_photo_event(2)])
    main("photo_events", "two")
    roll_back("core.photo_events", version, "back")
    main("photo_events", "three")  # offsets did not go back: nothing is read twice
    assert ask("SELECT event_id FROM core.photo_events") == [("e1",)]


@pytest.mark.parametrize(
    ("table", "version", "problem"),
    [
        ("mart.top_pages", 1, "follows when they go back"),
        ("speed.ratings", 1, "computed again tonight"),
        ("ml.models", 1, "watershed models rollback"),
        ("core.requests", 10_000, "there is no snapshot 10000"),
        ("core.requests", 0, "made later"),
    ],
)
def test_what_cannot_go_back_says_why(module_lake: EmptyLake, table: str, version: int, problem: str) -> None:
    with pytest.raises((ValueError, LookupError), match=problem):
        check_rollback(table, version)
