"""Histories against a model in plain Python: whatever happens in the database, and however often it is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import duckdb
import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts import find_table
from transforms.history import fold_history, select_columns

NOON = datetime(2026, 3, 1, 12)
KEY = ("shop", "article")
VALUES = (*KEY, "price", "updated_at")
ROWS = pa.schema(
    [
        ("shop", pa.string()),
        ("article", pa.int64()),
        ("price", pa.float64()),
        ("updated_at", pa.timestamp("us")),
        ("raw_object", pa.string()),
        ("raw_line", pa.int64()),
    ]
)
VERSIONS = pa.schema(
    [
        *list(ROWS)[:4],
        ("valid_from", pa.timestamp("us")),
        ("valid_to", pa.timestamp("us")),
        ("is_current", pa.bool_()),
        ("is_deleted", pa.bool_()),
        *list(ROWS)[4:],
    ]
)
KEYS = pa.schema(list(ROWS)[:2])
Record = tuple[float | None, datetime | None]  # price and updated_at
State = dict[tuple[str, int], Record]


@dataclass(frozen=True)
class Extraction:
    """What the database held at one moment, and the rows of it that the extraction brings."""

    name: str
    cut_at: datetime
    state: State
    told: tuple[tuple[str, int], ...]

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [
            dict(zip(VALUES, (*key, *self.state[key]), strict=True)) | {"raw_object": self.name, "raw_line": line}
            for line, key in enumerate(self.told, 1)
        ]


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def fold(history: list[dict[str, Any]], extraction: Extraction, until: datetime | None) -> list[dict[str, Any]]:
    """What publishing does: histories of changed records replace the ones there are."""
    con = duckdb.connect()
    keys = [dict(zip(KEY, key, strict=True)) for key in extraction.state]
    con.register("previous", pa.Table.from_pylist(history, VERSIONS))
    con.register("rows", pa.Table.from_pylist(extraction.rows, ROWS))
    con.register("keys", pa.Table.from_pylist(keys, KEYS))
    rows = con.execute(compile_fold(extraction.cut_at, until)).to_arrow_table().to_pylist()
    affected = {read_key(row) for row in rows}
    return [row for row in history if read_key(row) not in affected] + rows


@cache
def compile_fold(cut_at: datetime, until: datetime | None) -> str:
    schemas = {"previous": VERSIONS, "rows": ROWS, "keys": KEYS}
    tables = [ibis.table(ibis.Schema.from_pyarrow(schema), name) for name, schema in schemas.items()]
    changed = fold_history(*tables, key=KEY, cut_at=cut_at, folded_until=until)
    return ibis.to_sql(changed, dialect="duckdb")


def read_key(row: dict[str, Any]) -> tuple[str, int]:
    return row["shop"], row["article"]


def fold_all(extractions: Sequence[Extraction]) -> list[dict[str, Any]]:
    history: list[dict[str, Any]] = []
    until = None
    for extraction in extractions:
        history = fold(history, extraction, until)
        until = extraction.cut_at
    return history


def tell_history(extractions: Sequence[Extraction]) -> list[dict[str, Any]]:
    """The model: what fold_all must answer, one record after the other."""
    tick = timedelta(microseconds=1)
    versions: list[dict[str, Any]] = []
    for extraction in extractions:
        latest = {read_key(v): v for v in sorted(versions, key=lambda v: v["valid_from"])}
        for row in extraction.rows:
            said, last = row["updated_at"] or extraction.cut_at, latest.get(read_key(row))
            if last is not None:
                if last["is_current"] and all(last[c] == row[c] for c in VALUES):
                    continue
                known = last["valid_to"] or last["valid_from"] + tick
                said = said if said >= known else max(extraction.cut_at, known)
                if last["is_current"]:
                    last |= {"valid_to": said, "is_current": False}
            opened = {"valid_from": said, "valid_to": None, "is_current": True, "is_deleted": False}
            versions.append(row | opened)
        for key, last in latest.items():
            if last["is_current"] and key not in extraction.state:
                end = max(extraction.cut_at, last["valid_from"] + tick)
                last |= {"valid_to": end, "is_current": False, "is_deleted": True}
    return versions


def order(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = [{name: row[name] for name in VERSIONS.names} for row in history]
    return sorted(rows, key=lambda row: (read_key(row), row["valid_from"]))


# Keys that run together when they are joined as text, and moments before, at and after the extractions.
keys = st.tuples(st.sampled_from(["a", "a1", "1"]), st.sampled_from([1, 11, 111]))
records = st.tuples(st.sampled_from([None, 1.0, 2.5]), st.one_of(st.none(), st.integers(-3, 9).map(at)))


@st.composite
def list_extractions(draw: st.DrawFn) -> list[Extraction]:
    """Databases in which rows come, change, go and return; each extraction brings what changed and some more."""
    state: State = {}
    extractions = []
    for number in range(draw(st.integers(1, 4))):
        earlier = dict(state)
        for key in draw(st.sets(keys, max_size=3)):
            state.pop(key, None)
        state |= draw(st.dictionaries(keys, records, max_size=4))
        changed = [key for key in state if key not in earlier or earlier[key] != state[key]]
        more = [key for key in state if key not in changed and draw(st.booleans())]
        extractions.append(Extraction(f"e{number}", at(number * 2), dict(state), tuple(changed + more)))
    return extractions


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(list_extractions(), st.data())
def test_any_history_is_the_models(extractions: list[Extraction], data: st.DataObject) -> None:
    history = fold_all(extractions)
    assert order(history) == order(tell_history(extractions))
    for key in {read_key(row) for row in history}:
        own = order([row for row in history if read_key(row) == key])
        assert sum(row["is_current"] for row in own) == (key in extractions[-1].state)
        assert all(row["valid_to"] is None or row["valid_from"] < row["valid_to"] for row in own)
        assert all(a["valid_to"] <= b["valid_from"] for a, b in pairwise(own))
    replayed = data.draw(st.sampled_from(extractions))
    assert order(fold(history, replayed, extractions[-1].cut_at)) == order(history)


def test_an_extraction_folded_twice_without_knowing_says_nothing_new() -> None:
    extraction = Extraction("e", at(0), {("a", 1): (1.0, at(-1)), ("a", 2): (None, None)}, (("a", 1), ("a", 2)))
    history = fold_all([extraction])
    assert order(fold(history, extraction, None)) == order(history)


def test_a_deleted_record_that_returns_has_a_gap() -> None:
    there: State = {("a", 1): (1.0, at(-1))}
    history = fold_all(
        [
            Extraction("first", at(0), there, (("a", 1),)),
            Extraction("without", at(2), {}, ()),
            Extraction("again", at(4), there, (("a", 1),)),
        ]
    )
    told = [(v["valid_from"], v["valid_to"], v["is_current"], v["is_deleted"]) for v in order(history)]
    assert told == [(at(-1), at(2), False, True), (at(4), None, True, False)]


def test_the_contract_chooses_the_columns() -> None:
    table = find_table("cameras")
    about = dict.fromkeys(("maker", "model", "raw_object", "color"), "x")
    row = about | {"camera_id": 7, "user_id": 7, "raw_line": 7, "created_at": NOON, "updated_at": NOON}
    rows = ibis.table(ibis.Schema.from_pyarrow(pa.Table.from_pylist([row]).schema), "rows")
    con = duckdb.connect()
    con.register("rows", pa.Table.from_pylist([row]))
    found = con.execute(ibis.to_sql(select_columns(rows, table), dialect="duckdb")).to_arrow_table()
    assert found.column_names == [*(c.name for c in table.columns), "raw_object", "raw_line"]
    with pytest.raises(ValueError, match="no column maker, which the contract wants"):
        select_columns(rows.drop("maker"), table)
