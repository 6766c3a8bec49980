"""Marts equal what plain counting says, and are rebuilt only where their inputs changed."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from watershed.flows import marts
from watershed.flows.ingest.land import land_file
from watershed.flows.marts import build_mart, build_stale_marts
from watershed.warehouse.connection import connect

pytestmark = pytest.mark.servers


def write_log(folder: Path, day: int, paths: list[str]) -> Path:
    file = folder / f"access-2026-11-{day:02}.log"
    file.write_text("".join(f"0{n % 10}:00:00 10.0.0.1 GET {path} 200\n" for n, path in enumerate(paths)))
    return file


def test_top_pages_follow_the_days_that_changed(lake: EmptyLake, tmp_path: Path) -> None:
    days = {1: ["/a", "/b", "/a"], 2: ["/c?x=1", "/c?x=2", "/d"]}
    for day, paths in days.items():
        land_file("access_logs", write_log(tmp_path, day, paths))
    main("access_logs", "first")
    assert build_stale_marts("marts-1")["top_pages"] == ["2026-11-01", "2026-11-02"]
    expected = {
        (date(2026, 11, day), path): count
        for day, paths in days.items()
        for path, count in Counter(path.partition("?")[0] for path in paths).items()
    }
    query = "SELECT requested_date, path, request_count FROM mart.top_pages"
    assert {(day, path): count for day, path, count in connect().execute(query).fetchall()} == expected

    assert build_stale_marts("marts-2") == {}
    assert build_mart("top_pages", "marts-3", date(2026, 11, 1)) is None

    late = tmp_path / "late"
    late.mkdir()
    land_file("access_logs", write_log(late, 2, ["/late"]))
    main("access_logs", "second")
    assert build_stale_marts("marts-4")["top_pages"] == ["2026-11-02"]
    assert connect().execute("SELECT count(*) FROM mart.top_pages WHERE path = '/late'").fetchone() == (1,)


def test_old_snapshot_stays_readable(lake: EmptyLake, tmp_path: Path) -> None:
    land_file("access_logs", write_log(tmp_path, 1, ["/a"]))
    main("access_logs", "first")
    row = connect().execute("SELECT max(snapshot_id) FROM ledger.publishes").fetchone()
    assert row is not None
    land_file("access_logs", write_log(tmp_path, 2, ["/b"]))
    main("access_logs", "second")
    old = connect(read_only=True, snapshot=row[0]).execute("SELECT path FROM core.requests").fetchall()
    new = connect().execute("SELECT path FROM core.requests ORDER BY path").fetchall()
    assert (old, new) == ([("/a",)], [("/a",), ("/b",)])


def test_overtaken_build_does_not_publish(lake: EmptyLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that read older inputs than one that is already published gives way."""

    land_file("access_logs", write_log(tmp_path, 1, ["/a"]))
    main("access_logs", "first")
    day = date(2026, 11, 1)
    check = marts.check_mart

    def publish_newer_meanwhile(*args: object) -> list[dict[str, object]]:
        monkeypatch.setattr(marts, "check_mart", check)
        late = tmp_path / "late"
        late.mkdir()
        land_file("access_logs", write_log(late, 1, ["/late"]))
        main("access_logs", "second")
        assert build_mart("top_pages", "newer", day) is not None
        return check(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(marts, "check_mart", publish_newer_meanwhile)
    assert build_mart("top_pages", "older", day) is None
    assert connect().execute("SELECT sum(request_count) FROM mart.top_pages").fetchone() == (2,)
