"""A contract that a test changes: `core.gadgets`, fed by lines of `name=value`, whose columns each test declares."""

import sys
from importlib import invalidate_caches
from pathlib import Path
from typing import Any

import pytest

import contracts
import transforms
from tests.flows.decisions import publish_taken
from tests.runs import begin
from watershed.declarations import forget_contracts
from watershed.flows.ingest.land import land_file
from watershed.flows.published import Published
from watershed.warehouse.connection import connect, forget_engines

CONTRACT = """
from datetime import timedelta
import pyarrow as pa
from watershed.declarations.table import Column, Source, Table

GADGET_LOGS = Source("gadget_logs", "logs", "Lines of name=value, separated by |")
TABLE = Table(
    name="gadgets",
    description="Gadgets.",
    grain="one line",
    owner="test",
    columns=({columns},),
    key=("raw_object", "raw_line"),
    sources=(GADGET_LOGS,),
    home_of=(GADGET_LOGS,),
    replaces="object",
    day=None,
    freshness=timedelta(days=1),
)
"""
TRANSFORM = """
import ibis
from watershed.declarations.column_types import as_ibis
from contracts.gadgets import TABLE

def read(line, column):
    texts = [line.re_extract(rf"(?:^|\\|){n}=([^|]*)", 1).nullif("") for n in (column.name, *column.renamed_from)]
    return ibis.coalesce(*texts).cast(as_ibis(column.type))

def from_gadget_logs(records):
    values = {column.name: read(records.line, column) for column in TABLE.columns}
    own = {name: records[name] for name in ("raw_object", "raw_line", "line")}
    return records.select(**values, **own, problem=ibis.null("string"))
"""
MODULES = ("contracts.gadgets", "transforms.gadgets")


class Workshop:
    """Where a test declares the table, and sends it lines."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.runs = folder, 0
        for room in ("contracts", "transforms"):
            (folder / room).mkdir()
        (folder / "transforms" / "gadgets.py").write_text(TRANSFORM)

    def declare(self, *columns: str) -> None:
        """Have the contract's columns be these, as after a deployment: `"price", pa.int32(), nullable=True`."""
        listed = ", ".join(f"Column({column}, description='d')" for column in columns)
        (self.folder / "contracts" / "gadgets.py").write_text(CONTRACT.format(columns=listed))
        self.restart()

    def remove(self) -> None:
        (self.folder / "contracts" / "gadgets.py").unlink()
        self.restart()

    def restart(self) -> None:
        for module in MODULES:
            sys.modules.pop(module, None)
        invalidate_caches()
        forget_contracts()
        forget_engines()

    def land(self, *lines: str) -> str:
        """Lines, as a file of their own; returns the raw object's key."""
        self.runs += 1
        path = self.folder / f"gadgets-{self.runs}.log"
        path.write_text("".join(f"{line}|n={self.runs}\n" for line in lines))
        return land_file("gadget_logs", path).key

    def send(self, *lines: str) -> Published:
        """Land lines and publish all that is new."""
        from watershed.flows.ingest.land import take_arrivals

        self.land(*lines)
        run_id = f"run-{self.runs}"
        take_arrivals(begin("gadget_logs", run_id))
        return publish_taken("gadget_logs", run_id)

    def close(self) -> None:
        self.restart()


def open_workshop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # two versions of a file may be of one second and size
    for package in (contracts, transforms):
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder / package.__name__)])
    return Workshop(folder)


def ask(query: str) -> list[Any]:
    return connect().execute(query).fetchall()


def list_columns(table: str = "core.gadgets") -> dict[str, str]:
    """The lake's types by column, with an exclamation mark where nulls are not allowed."""
    query = """
        SELECT column_name, data_type || CASE WHEN is_nullable THEN '' ELSE '!' END FROM duckdb_columns()
        WHERE database_name = 'lake' AND schema_name || '.' || table_name = ?
    """
    return dict(connect().execute(query, [table]).fetchall())
