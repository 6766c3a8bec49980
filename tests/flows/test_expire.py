"""Old versions of the lake go, those that are cited stay, no table loses a row. A test goes on where one ended."""

from datetime import timedelta

import pytest

from models.recommender import MODEL
from tests.empty_lake import EmptyLake
from tests.flows.training import rate_by_taste, run_training
from tests.models.published import rate
from watershed.flows.models.promote import promote, roll_back
from watershed.flows.models.reproduce import NotReproduced, reproduce
from watershed.flows.upkeep.compact import maintain
from watershed.flows.upkeep.expire import ExpiryBroken, expire_snapshots, read_days
from watershed.models.registry import find_champion, list_versions
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import fetch_column, utc_now

pytestmark = pytest.mark.servers


def list_snapshots() -> list[int]:
    return fetch_column(connect(), "SELECT snapshot_id FROM ducklake_snapshots('lake') ORDER BY 1")


def find_cited() -> int:
    champion = find_champion(connect(), MODEL.name)
    assert champion is not None
    return champion.data_snapshot_id


def test_what_nobody_cites_expires(module_lake: EmptyLake) -> None:
    rate_by_taste(range(1, 41))
    run_training("run-1")
    rate_by_taste(range(41, 61), seed=1)
    run_training("run-2")
    rate(1, "one more")
    first, second = (version.data_snapshot_id for version in list_versions(connect(), MODEL.name))
    features = MODEL.read_features(connect(), second)
    rows = MODEL.read_features(connect())
    before = list_snapshots()
    assert expire_snapshots() == {"snapshots_expired": 0}
    later = utc_now() + timedelta(minutes=1)
    assert expire_snapshots(later) == {"snapshots_expired": len(before) - 2}
    assert list_snapshots() == [second, before[-1]]
    assert expire_snapshots(later) == {"snapshots_expired": 0}
    connect().execute("CALL ducklake_cleanup_old_files('lake', cleanup_all => true)")
    assert MODEL.read_features(connect()) == rows
    assert MODEL.read_features(connect(), second) == features
    assert reproduce(MODEL, 2).is_identical
    with pytest.raises(NotReproduced, match=f"snapshot {first}, which it was trained on, has expired"):
        reproduce(MODEL, 1)
    maintain()
    assert MODEL.read_features(connect()) == rows


def test_what_nobody_can_read_any_more_may_still_predict(module_lake: EmptyLake) -> None:
    assert promote(MODEL, 1, "test", "its weights are still there").retired == 2
    assert roll_back(MODEL, "test", "enough").version == 2


def test_an_expiry_that_would_lose_rows_is_taken_back(module_lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    rate_by_taste(range(101, 201))
    before, rows = list_snapshots(), len(MODEL.read_features(connect()))
    loses = "CALL ducklake_expire_snapshots('lake', versions => {old}); DELETE FROM {{meta}}.ducklake_data_file"
    monkeypatch.setattr("watershed.flows.upkeep.expire.EXPIRE", loses.replace("{{meta}}", "__ducklake_metadata_lake"))
    with pytest.raises(ExpiryBroken, match=r"would lose rows: .*the files of table \d+ 0 rows instead of"):
        expire_snapshots(utc_now() + timedelta(minutes=1))
    assert list_snapshots() == before
    assert len(MODEL.read_features(connect())) == rows


def test_lost_rows_are_told_loudly(module_lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    rate(1, "a")
    counts = iter([{"core.ratings": 2}, {"core.ratings": 1}])
    monkeypatch.setattr("watershed.flows.upkeep.expire.count_rows", lambda con: next(counts))
    with pytest.raises(ExpiryBroken, match=r"core.ratings 1 rows instead of 2; restore the catalogue from backup"):
        expire_snapshots(utc_now() + timedelta(minutes=1))


def test_a_renamed_table_keeps_its_rows(module_lake: EmptyLake) -> None:
    """It did not always: duckdb/ducklake issue 527."""
    con = connect()
    con.execute("CREATE TABLE core.old_name AS SELECT 1 AS x")
    con.execute("ALTER TABLE core.old_name RENAME TO new_name")
    con.execute("INSERT INTO core.new_name VALUES (2)")
    expire_snapshots(utc_now() + timedelta(minutes=1))
    assert connect().execute("SELECT sum(x) FROM core.new_name").fetchone() == (3,)


def test_the_recommendations_keep_theirs_and_the_next(module_lake: EmptyLake) -> None:
    for film in "abcdefg":
        rate(1, film)
    champion, last = find_cited(), list_snapshots()[-4]
    connect().execute(f"INSERT INTO ml.recommendations VALUES (1, 1, 'a', 0.5, 1, {last})")
    expire_snapshots(utc_now() + timedelta(minutes=1))
    assert list_snapshots() == [champion, last, last + 1, list_snapshots()[-1]]


@pytest.mark.parametrize("text", ["0", "-3", "a month", "1.5"])
def test_a_setting_that_is_no_number_of_days(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("WATERSHED_KEEP_SNAPSHOT_DAYS", text)
    with pytest.raises(ValueError, match="write a number of days, 1 at least"):
        read_days()


def test_a_lake_without_models(module_lake: EmptyLake) -> None:
    connect().execute("DROP TABLE ml.models; DROP TABLE ml.recommendations")
    expire_snapshots(utc_now() + timedelta(minutes=1))
    assert len(list_snapshots()) == 1
