"""Engines and lakes of different ages: the older lake is brought up to date, the older engine stays out."""

from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest
from duckdb import DuckDBPyConnection

from contracts.roles import ROLES
from tests.empty_lake import EmptyLake
from tests.faults.runner import main as publish_arrivals
from tests.flows.logs import land, make_log
from watershed.cli.main import main
from watershed.serving.analyst import connect_analyst, forget_analysts
from watershed.settings import load_settings
from watershed.warehouse import lake_version
from watershed.warehouse.alerts import raise_alert
from watershed.warehouse.connection import connect, forget_engines
from watershed.warehouse.lake_version import LakeTooNew, NotUpgraded, read_lake_version
from watershed.warehouse.ledger.cache import Mirror
from watershed.warehouse.publish import prepare, read_snapshot
from watershed.warehouse.schema.ddl import is_prepared

pytestmark = pytest.mark.servers

SENTENCE = "the lake is of version 99 and this engine knows lakes up to version "


def set_version(comment: str) -> None:
    connect().execute(f"COMMENT ON TABLE ledger.publishes IS {comment}")


def add_column(con: DuckDBPyConnection, existing: Mapping[str, object]) -> None:
    assert "ledger.publishes" in existing
    con.execute("ALTER TABLE ledger.pins ADD COLUMN added INTEGER DEFAULT 7")


def fail(con: DuckDBPyConnection, existing: Mapping[str, object]) -> None:
    con.execute("ALTER TABLE ledger.pins ADD COLUMN lost INTEGER")
    con.execute("FROM ledger.nowhere")


def list_pins() -> list[str]:
    return [column[0] for column in connect().execute("FROM ledger.pins").description or ()]


def test_an_engine_that_is_older_reads_and_writes_nothing(
    lake: EmptyLake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    land(tmp_path, make_log(30))
    analyst, mirror = connect_analyst(role=ROLES[0]), Mirror()
    assert analyst.execute("SELECT count(*) FROM core.requests").fetchall() == [(0,)]
    set_version("'by a later engine, version 99'")
    for refused in (  # with connections from before
        lambda: publish_arrivals("access_logs", "late"),
        lambda: prepare(load_settings()),
        lambda: raise_alert("object_refused", "access_logs", "one"),
        mirror.refresh,
        lambda: connect_analyst(role=ROLES[0]),
    ):
        with pytest.raises(LakeTooNew, match=SENTENCE):
            refused()
    forget_engines()
    forget_analysts()
    for command in (
        "run ingest_access_logs --in-process",
        "sql FROM(VALUES(1))",
        "ledger",
        "trace core.requests --where true",
    ):
        assert main(command.split()) == 1
        told = capsys.readouterr().err
        assert told.startswith(f"watershed: {SENTENCE}")
        assert told.count("\n") == 1
    for role in ROLES:
        with pytest.raises(LakeTooNew, match=SENTENCE):
            connect_analyst(role=role)


def test_an_older_lake_goes_through_what_it_lacks(lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = lake_version.STEPS
    known, before = read_lake_version(connect()), read_snapshot(connect())
    assert known == len(steps)
    monkeypatch.setattr(lake_version, "STEPS", (*steps, add_column))
    assert not is_prepared(connect(), [])
    assert connect(read_only=True).execute("SELECT count(*) FROM core.requests").fetchall() == [(0,)]
    prepare(load_settings())
    con = connect()
    assert (read_lake_version(con), is_prepared(con, []), read_snapshot(con)) == (known + 1, True, before + 1)
    message = con.execute("SELECT commit_message FROM ducklake_snapshots('lake') ORDER BY snapshot_id DESC").fetchone()
    assert message == (f"follow the contracts: the lake is of version {known + 1}, was of {known}",)
    assert "added" in list_pins()
    prepare(load_settings())
    assert read_snapshot(connect()) == before + 1
    monkeypatch.setattr(lake_version, "STEPS", steps)
    with pytest.raises(LakeTooNew, match=f"of version {known + 1} and this engine knows lakes up to version {known}:"):
        prepare(load_settings())


def test_a_step_that_fails_leaves_the_lake_as_it_was(lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    set_version("NULL")
    before = read_snapshot(connect())
    monkeypatch.setattr(lake_version, "STEPS", (add_column, fail))
    with pytest.raises(
        NotUpgraded, match=r"stays of version 0, for step 2 \(fail\) has failed \(Catalog Error: .*nowhere"
    ):
        prepare(load_settings())
    assert (read_snapshot(connect()), read_lake_version(connect())) == (before, 0)
    assert not {"added", "lost"} & {*list_pins()}


def test_a_catalogue_in_another_format_is_named(lake: EmptyLake, capsys: pytest.CaptureFixture[str]) -> None:
    forget_engines()
    with psycopg.connect(lake.catalog_url) as catalog:
        catalog.execute("update ducklake_metadata set value = '9.1' where key = 'version'")
    assert main(["ledger"]) == 1
    told = capsys.readouterr().err
    assert " is in DuckLake's format 9.1 and this engine reads 1.0: " in told
    assert told.count("\n") == 1
