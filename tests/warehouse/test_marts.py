"""The marts' declarations, without a server."""

import pytest

from watershed.declarations import load_tables
from watershed.warehouse.schema.marts import MartBroken, list_marts, read_mart
from watershed.warehouse.schema.views import list_views


def test_inputs_exist_and_come_first() -> None:
    known = {table.address for table in load_tables().values()}
    for mart in list_marts():
        assert set(mart.inputs + mart.lookups) <= known, mart.name
        assert set(mart.views) <= {view.address for view in list_views()}, mart.name
        known.add(mart.address)


def test_key_and_day_are_columns() -> None:
    for mart in list_marts():
        names = {column.name for column in mart.columns}
        assert set(mart.key) <= names
        assert mart.day is None or mart.day in names


def test_incomplete_header_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "empty.sql"
    file.write_text("-- owner: me\nSELECT 1\n")
    with pytest.raises(MartBroken, match=r"empty\.sql: its header lacks description, grain, inputs, key, partition"):
        read_mart(file)
