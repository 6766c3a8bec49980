"""Versions with names: they can be asked, they outlive expiry, and a file can be made of one."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from sample.layers import publish_viewings
from tests.empty_lake import EmptyLake
from watershed.flows.upkeep.expire import expire_snapshots
from watershed.flows.upkeep.export import export_lake
from watershed.flows.upkeep.pin import pin_snapshot, read_pins, remove_pin
from watershed.serving.analyst import connect_analyst, forget_analysts
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import utc_now
from watershed.warehouse.pins import find_snapshot

pytestmark = pytest.mark.servers
COUNT = "SELECT count(*) FROM core.watch_minutes"


@pytest.fixture(scope="module")
def cited(module_lake: EmptyLake) -> Iterator[int]:
    """A lake in which `the-report` is a version with one row, and the newest has two."""
    snapshot = publish_viewings("core.watch_minutes", "raw/watch_events/one", [(datetime(2026, 1, 1), 1, "a film")])
    assert pin_snapshot("the-report", "annual report, table 3", actor="ada") == snapshot
    publish_viewings("core.watch_minutes", "raw/watch_events/two", [(datetime(2026, 1, 2), 1, "a film")])
    yield snapshot
    forget_analysts()


def test_a_version_is_found_by_name_number_and_time(cited: int) -> None:
    con = connect_analyst()
    assert find_snapshot(con, "the-report") == find_snapshot(con, str(cited)) == cited
    assert connect_analyst(snapshot=cited).execute(COUNT).fetchall() == [(1,)]
    now = find_snapshot(con, f"{utc_now() + timedelta(seconds=1)}")
    assert connect_analyst(snapshot=now).execute(COUNT).fetchall() == [(2,)]
    for text, sentence in (
        ("a-report", "did you mean the-report"),
        ("2020-01-01", "as old as"),
        ("Ten", "is not a version"),
    ):
        with pytest.raises(LookupError, match=sentence):
            find_snapshot(con, text)


def test_who_and_why_is_kept(cited: int) -> None:
    row = "SELECT pinned_by, reason, snapshot_id FROM ledger.pins WHERE name = 'the-report'"
    [(who, why, snapshot)] = connect().execute(row).fetchall()
    message = "SELECT author, commit_message FROM lake.snapshots() WHERE snapshot_id = ?"
    assert (who, why) == ("ada", "annual report, table 3")
    said = f"pin the-report at {cited}: annual report, table 3"
    assert connect().execute(message, [snapshot]).fetchall() == [("ada", said)]


@pytest.mark.parametrize(
    ("name", "reason", "snapshot", "sentence"),
    [
        ("the-report", "again", None, "the-report is version \\d+ already"),
        ("Not a name", "why", None, "is not a name of a version"),
        ("seven", "", None, "a pin needs a reason"),
        ("future", "why", 10_000, "there is no snapshot 10000 in the lake"),
    ],
)
def test_a_pin_that_cannot_be(cited: int, name: str, reason: str, snapshot: int | None, sentence: str) -> None:
    before = read_pins(connect())
    with pytest.raises((ValueError, LookupError), match=sentence):
        pin_snapshot(name, reason, snapshot)
    assert read_pins(connect()) == before


def test_a_file_holds_one_version(cited: int, tmp_path: Path) -> None:
    path = tmp_path / "report.duckdb"
    counts = export_lake(path, ["core"], cited)
    assert counts["core.watch_minutes"] == 1
    assert [p.name for p in tmp_path.iterdir()] == ["report.duckdb"]
    comments = """SELECT comment FROM duckdb_columns()
        WHERE schema_name = 'core' AND table_name = 'watch_minutes' AND column_name = 'minute'"""
    with duckdb.connect(str(path), read_only=True) as con:
        assert con.execute("SELECT user_id FROM core.watch_minutes").fetchall() == [(1,)]
        assert con.execute(comments).fetchall() == connect().execute(comments).fetchall() != [(None,)]
        assert con.execute("SELECT count(*) FROM core.photos_now").fetchall() == [(0,)]
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"report\.duckdb is there already"):
        export_lake(path, ["core"])
    with pytest.raises(LookupError, match="there is no schema 'nothing'"):
        export_lake(path, ["nothing"], is_forced=True)
    assert path.read_bytes() == before
    assert export_lake(path, ["core"], is_forced=True, without_personal=True)["core.watch_minutes"] == 2
    with duckdb.connect(str(path), read_only=True) as con, pytest.raises(duckdb.BinderException, match="user_id"):
        con.execute("SELECT user_id FROM core.watch_minutes")


def test_expiry_spares_what_is_pinned(cited: int) -> None:
    later = utc_now() + timedelta(minutes=1)
    assert expire_snapshots(later)["snapshots_expired"] > 0
    assert connect(snapshot=cited).execute(COUNT).fetchall() == [(1,)]
    assert remove_pin("the-report") == cited
    assert read_pins(connect()) == {}
    with pytest.raises(LookupError, match="no version is called 'the-report'"):
        remove_pin("the-report")
    assert expire_snapshots(utc_now() + timedelta(minutes=1))["snapshots_expired"] > 0
    with pytest.raises(LookupError, match=f"there is no snapshot {cited}"):
        connect_analyst(snapshot=cited)
