"""Words: tables plural, columns snake_case with their unit at the end, no rooms for leftovers."""

import re
from collections.abc import Iterator

import pyarrow as pa
import pytest

from tests.architecture.house import ROOMS, format_path, list_files
from watershed.declarations import load_sources, load_tables
from watershed.declarations.table import Column
from watershed.warehouse.schema.marts import list_marts

SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LEFTOVERS = {"util", "utils", "helper", "helpers", "common", "base", "manager", "misc"}
DECLARED = sorted({f"{c.name}: {c.type}": c for t in load_tables().values() for c in t.all_columns}.items())


@pytest.mark.parametrize("name", sorted({*load_tables(), *load_sources(), *(m.name for m in list_marts())}))
def test_names_are_snake_case(name: str) -> None:
    assert SNAKE_CASE.fullmatch(name)


@pytest.mark.parametrize("name", sorted(load_tables()))
def test_tables_are_plural_nouns(name: str) -> None:
    assert name.endswith("s")


@pytest.mark.parametrize("column", [c for _, c in DECLARED], ids=[spelled for spelled, _ in DECLARED])
def test_the_end_of_a_column_name_tells_its_type(column: Column) -> None:
    assert SNAKE_CASE.fullmatch(column.name)
    for is_named, is_typed in judge_name(column):
        assert not is_named or is_typed, f"{column.name} is {column.type}"


def judge_name(column: Column) -> Iterator[tuple[bool, bool]]:
    """Whether the name promises something, and whether the type keeps it."""
    name, kind = column.name, column.type
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    yield name.endswith("_at"), pa.types.is_timestamp(kind)
    yield pa.types.is_timestamp(kind), name.endswith("_at") or name in ("valid_from", "valid_to")
    yield name.endswith("_date"), pa.types.is_date(kind)
    yield pa.types.is_boolean(kind), name.startswith(("is_", "has_"))
    yield name.startswith(("is_", "has_")), pa.types.is_boolean(kind)
    yield name.endswith("_bytes"), is_number and column.unit == "bytes"
    yield name.endswith("_ms"), is_number and column.unit == "ms"


def test_a_quantity_has_one_type_everywhere() -> None:
    kinds: dict[str, set[str]] = {}
    for _, column in DECLARED:
        kinds.setdefault(column.name, set()).add(str(column.type))
    assert {name: found for name, found in kinds.items() if len(found) > 1} == {}


def test_columns_are_described() -> None:
    assert [name for name, column in DECLARED if not column.description] == []


def test_no_module_is_a_drawer_for_leftovers() -> None:
    found = [format_path(path) for room in (*ROOMS, "tests") for path in list_files(room) if path.stem in LEFTOVERS]
    assert found == []
