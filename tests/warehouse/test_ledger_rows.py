"""A row of the ledger has the columns of its table, no more and no fewer."""

import re
from dataclasses import fields
from importlib.resources import files
from typing import get_args, get_type_hints

import pytest

from watershed.warehouse.publication import Books, LedgerRows

TABLES = dict(re.findall(r"^CREATE TABLE IF NOT EXISTS ledger\.(\w+) \((.*?)^\);", (
    files("watershed.warehouse.ledger").joinpath("ledger.sql").read_text()
), re.DOTALL | re.MULTILINE))  # fmt: skip
ROWS = {name: get_args(kind)[0] for name, kind in get_type_hints(LedgerRows).items()}


def list_columns(table: str) -> set[str]:
    return set(re.findall(r"^    (\w+) [A-Z]", TABLES[table], re.MULTILINE))


@pytest.mark.parametrize(("table", "row"), [("books", Books), *ROWS.items()])
def test_a_row_has_the_columns_of_its_table(table: str, row: type) -> None:
    assert {one.name for one in fields(row)} | {"run_id", "snapshot_id"} == list_columns(table)
