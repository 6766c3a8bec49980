"""The views' declarations, and that the lake holds what they say, made anew only where a file changed."""

import re
from pathlib import Path

import pytest

from tests.architecture.test_names import SNAKE_CASE
from tests.empty_lake import EmptyLake
from watershed.declarations import list_tables
from watershed.settings import load_settings
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.tables import LEDGER_SQL
from watershed.warehouse.publish import prepare, read_snapshot
from watershed.warehouse.schema import ddl
from watershed.warehouse.schema.ddl import SCHEMAS, is_prepared
from watershed.warehouse.schema.marts import list_marts
from watershed.warehouse.schema.sql_headers import HeaderBroken
from watershed.warehouse.schema.views import View, list_views, read_view

VIEWS = list_views()
ADDRESSES = [view.address for view in VIEWS]


@pytest.mark.parametrize("view", VIEWS, ids=ADDRESSES)
def test_a_view_declares_itself(view: View) -> None:
    schema, _, name = view.address.partition(".")
    assert schema in SCHEMAS and SNAKE_CASE.fullmatch(name)
    assert view.columns
    assert [c.name for c in view.columns if not c.description.strip()] == []


def test_what_views_read_exists_and_comes_first() -> None:
    tables = {t.address for t in list_tables()} | {m.address for m in list_marts()}
    known = tables | set(re.findall(r"ledger\.\w+", LEDGER_SQL.read_text()))
    for view in VIEWS:
        query = re.sub(r"^--.*", "", view.sql, flags=re.MULTILINE)
        assert set(re.findall(r"\b(?:FROM|JOIN)\s+(\w+\.\w+)", query)) == set(view.reads), view.address
        assert set(view.reads) <= known, view.address
        known.add(view.address)


def test_incomplete_header_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "core.empty.sql"
    file.write_text("-- owner: me\nSELECT 1\n")
    with pytest.raises(HeaderBroken, match=r"core\.empty\.sql: its header lacks description, grain, reads"):
        read_view(file)


def test_views_that_read_each_other_are_refused(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        text = f"-- owner: me\n-- description: d\n-- grain: g\n-- reads: core.{other}\nFROM core.{other}\n"
        (tmp_path / f"core.{name}.sql").write_text(text)
    views = [read_view(path) for path in tmp_path.glob("*.sql")]
    with pytest.raises(HeaderBroken, match=r"circle: core\.a, core\.b"):
        ddl.order_by_reads(views, lambda view: view.reads)


@pytest.mark.servers
def test_columns_are_those_declared(lake: EmptyLake) -> None:
    con = connect(load_settings(), read_only=True)
    for view in VIEWS:
        relation = f"{view.address}({', '.join(['NULL'] * len(view.parameters))})" if view.is_macro else view.address
        assert con.sql(f"FROM {relation}").columns == [c.name for c in view.columns], view.address


@pytest.mark.servers
def test_a_view_is_made_anew_only_when_its_file_changed(lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    con, settings = connect(load_settings()), load_settings()
    before = read_snapshot(con)
    assert is_prepared(con, ["core.photo_events"])
    prepare(settings)
    assert read_snapshot(con) == before
    *others, last = VIEWS
    changed = View(**{**vars(last), "sql": f"{last.sql}\n-- changed"})
    monkeypatch.setattr(ddl, "list_views", lambda: (*others, changed))
    assert not is_prepared(con, ["core.photo_events"])
    prepare(settings)
    assert is_prepared(con, ["core.photo_events"])
    made = con.execute("SELECT name, snapshot_id FROM ledger.definitions WHERE snapshot_id > ?", [before]).fetchall()
    assert made == [(last.address, before + 1)]
