"""A table's name is its address: the same stem in every folder."""

import pytest

from tests.architecture.house import ROOT, find_imports, list_files, list_stems
from watershed.declarations import load_features, load_sources, load_tables, tables_of
from watershed.declarations.table import Stream

TABLES = sorted(name for name, table in load_tables().items() if not table.is_made)
MADE = sorted(name for name, table in load_tables().items() if table.is_made)
SOURCES = sorted(load_sources())
# Histories are all folded by one transform; what feeds them is an extract whose columns are the contract's.
FOLDED = {name for name, table in load_tables().items() if table.replaces == "key"}


@pytest.mark.parametrize("table", TABLES + MADE)
def test_a_table_is_declared_in_the_file_of_its_name(table: str) -> None:
    assert (ROOT / "contracts" / f"{table}.py").exists()


@pytest.mark.parametrize("table", TABLES + MADE)
def test_a_table_has_business_rules(table: str) -> None:
    assert (ROOT / "expectations" / f"{table}.py").exists()


@pytest.mark.parametrize("table", sorted(set(TABLES) - FOLDED))
def test_a_table_has_a_transform_and_its_test(table: str) -> None:
    assert (ROOT / "transforms" / f"{table}.py").exists()
    assert (ROOT / "tests" / "transforms" / f"test_{table}.py").exists()


@pytest.mark.parametrize("source", SOURCES)
def test_a_transform_names_each_of_its_sources(source: str) -> None:
    found = load_sources()[source]
    name = found.like.name if isinstance(found, Stream) and found.like else source  # whose records the messages are
    for table in tables_of(found):
        if table.name not in FOLDED:
            assert f"def from_{name}(" in (ROOT / "transforms" / f"{table.name}.py").read_text()


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_has_a_dag_and_a_reader_of_its_kind(source: str) -> None:
    assert (ROOT / "dags" / f"ingest_{source}.py").exists()
    assert (ROOT / "watershed" / "sources" / f"{load_sources()[source].kind}.py").exists()


def test_every_ingest_dag_is_a_source() -> None:
    assert {stem.removeprefix("ingest_") for stem in list_stems("dags") if stem.startswith("ingest_")} == set(SOURCES)


@pytest.mark.parametrize("stem", sorted(list_stems("dags")))
def test_a_dag_is_named_as_its_file(stem: str) -> None:
    text = (ROOT / "dags" / f"{stem}.py").read_text()
    assert f"def {stem}(" in text
    assert f"\n{stem}()\n" in text
    assert "doc_md=complete_runbook(__doc__" in text


@pytest.mark.parametrize("room", ["transforms", "expectations"])
def test_no_file_outlives_its_table(room: str) -> None:
    """What neither is named as a table nor imported would go on being read by people."""
    readers = (path for reader in (room, "watershed") for path in list_files(reader))
    imported = {found.module.partition(".")[2] for path in readers for found in find_imports(path)}
    asked_for = {"reworded"}  # by name, in watershed/warehouse/departures.py
    assert list_stems(room) - {*TABLES, *MADE, *load_features()} - asked_for <= imported
