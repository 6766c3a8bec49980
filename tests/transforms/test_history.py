"""Histories against a model in plain Python: whatever happens in the database, and however often it is told."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import ibis
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.transforms.lines import open_duckdb
from watershed.transforms.history import fold_history

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
    seen_at: datetime
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


def fold(history: list[dict[str, Any]], extraction: Extraction) -> list[dict[str, Any]]:
    """What publishing does: histories of changed records replace the ones there are."""
    con = open_duckdb().cursor()
    keys = [dict(zip(KEY, key, strict=True)) for key in extraction.state]
    con.register("previous", pa.Table.from_pylist(history, VERSIONS))
    con.register("rows", pa.Table.from_pylist(extraction.rows, ROWS))
    con.register("keys", pa.Table.from_pylist(keys, KEYS))
    rows = con.execute(compile_fold(extraction.seen_at)).to_arrow_table().to_pylist()
    affected = {read_key(row) for row in rows}
    return [row for row in history if read_key(row) not in affected] + rows


@cache
def compile_fold(seen_at: datetime) -> str:
    schemas = {"previous": VERSIONS, "rows": ROWS, "keys": KEYS}
    tables = [ibis.table(ibis.Schema.from_pyarrow(schema), name) for name, schema in schemas.items()]
    changed = fold_history(*tables, key=KEY, seen_at=seen_at)
    return ibis.to_sql(changed, dialect="duckdb")


def read_key(row: dict[str, Any]) -> tuple[str, int]:
    return row["shop"], row["article"]


def fold_all(extractions: Sequence[Extraction]) -> list[dict[str, Any]]:
    history: list[dict[str, Any]] = []
    for extraction in extractions:
        history = fold(history, extraction)
    return history


def tell_history(extractions: Sequence[Extraction]) -> list[dict[str, Any]]:
    """The model: what fold_all must answer, one record after the other."""
    tick = timedelta(microseconds=1)
    versions: list[dict[str, Any]] = []
    for extraction in extractions:
        latest = {read_key(v): v for v in sorted(versions, key=lambda v: v["valid_from"])}
        for row in extraction.rows:
            said, last = row["updated_at"] or extraction.seen_at, latest.get(read_key(row))
            known = datetime.min
            if last is not None:
                if last["is_current"] and all(last[c] == row[c] for c in VALUES):
                    continue
                known = last["valid_to"] or last["valid_from"] + tick
            start = said if known <= said <= extraction.seen_at else extraction.seen_at
            if last is not None and last["is_current"]:
                last |= {"valid_to": start, "is_current": False}
            opened = {"valid_from": start, "valid_to": None, "is_current": True, "is_deleted": False}
            versions.append(row | opened)
        for key, last in latest.items():
            if last["is_current"] and key not in extraction.state:
                last |= {"valid_to": extraction.seen_at, "is_current": False, "is_deleted": True}
    return versions


def order(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = [{name: row[name] for name in VERSIONS.names} for row in history]
    return sorted(rows, key=lambda row: (read_key(row), row["valid_from"]))


# Keys that run together when they are joined as text, and moments before, at and after the extractions.
keys = st.tuples(st.sampled_from(["a", "a1", "1"]), st.sampled_from([1, 11, 111]))
FAR = st.sampled_from([datetime(1, 1, 1), datetime(2099, 1, 1), datetime.max])
records = st.tuples(st.sampled_from([None, 1.0, 2.5]), st.one_of(st.none(), st.integers(-3, 9).map(at), FAR))


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


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(list_extractions())
def test_any_history_is_the_models(extractions: list[Extraction]) -> None:
    history = fold_all(extractions)
    assert order(history) == order(tell_history(extractions))
    for key in {read_key(row) for row in history}:
        own = order([row for row in history if read_key(row) == key])
        assert sum(row["is_current"] for row in own) == (key in extractions[-1].state)
        assert all(row["valid_to"] is None or row["valid_from"] < row["valid_to"] for row in own)
        assert all(a["valid_to"] <= b["valid_from"] for a, b in pairwise(own))
        seen = {extraction.name: extraction.seen_at for extraction in extractions}
        assert all(row["valid_from"] <= seen[row["raw_object"]] for row in own)


def test_an_extraction_folded_twice_without_knowing_says_nothing_new() -> None:
    extraction = Extraction("e", at(0), {("a", 1): (1.0, at(-1)), ("a", 2): (None, None)}, (("a", 1), ("a", 2)))
    history = fold_all([extraction])
    assert order(fold(history, replace(extraction, seen_at=at(1)))) == order(history)


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


def test_names_of_the_source_are_not_taken_for_ours() -> None:
    """Columns called as what the fold works with: last, start, end, and with the beginnings of its own names."""
    odd = ("id", "last", "start", "end", "was_id", "is_gone", "ends_version", "ending_end", "name")
    rows = pa.schema([*[(name, pa.int64()) for name in odd], *list(ROWS)[4:]])
    versions = pa.schema([*list(rows)[: len(odd)], *list(VERSIONS)[4:8], *list(ROWS)[4:]])
    con = open_duckdb().cursor()
    history: list[dict[str, Any]] = []
    for number in (1, 2):
        row = dict.fromkeys(odd, number) | {"id": 7, "raw_object": f"e{number}", "raw_line": 1}
        for name, table in (("previous", (history, versions)), ("rows", ([row], rows))):
            con.register(name, pa.Table.from_pylist(*table))
        con.register("keys", pa.Table.from_pylist([{"id": 7}]))
        tables = [
            ibis.table(ibis.Schema.from_pyarrow(kind), name) for name, kind in (("previous", versions), ("rows", rows))
        ]
        keys = ibis.table({"id": "int64"}, "keys")
        changed = fold_history(*tables, keys, key=("id",), seen_at=at(number), changed_at=None)
        history = con.execute(ibis.to_sql(changed, dialect="duckdb")).to_arrow_table().to_pylist()
    told = [(v["start"], v["end"], v["was_id"], v["valid_from"], v["is_current"]) for v in history]
    assert sorted(told) == [(1, 1, 1, at(1), False), (2, 2, 2, at(2), True)]
