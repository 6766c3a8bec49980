"""Every type goes through a table's making, a publish, a restart and an upgrade, and its values come back by SQL."""

from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.warehouse.workshop import Workshop, ask, list_columns, open_workshop
from watershed.settings import load_settings
from watershed.warehouse.connection import connect
from watershed.warehouse.publish import prepare, read_snapshot
from watershed.warehouse.schema.ddl import is_prepared

pytestmark = pytest.mark.servers

# By a column's name: its type, a value as a line has it, and the type that it is widened to, if to another one.
KINDS = {
    "flag": ("pa.bool_()", "true", None),
    "tiny": ("pa.int8()", "-128", "pa.int16()"),
    "small": ("pa.int16()", "-32768", "pa.float32()"),
    "whole": ("pa.int32()", "2147483647", "pa.int64()"),
    "counted": ("pa.int32()", "5", "pa.float64()"),
    "priced": ("pa.int32()", "5", "pa.decimal128(12, 2)"),
    "long": ("pa.int64()", "9223372036854775807", "pa.decimal128(38, 0)"),
    "byte": ("pa.uint8()", "255", "pa.int32()"),
    "short": ("pa.uint16()", "65535", "pa.uint64()"),
    "natural": ("pa.uint32()", "4294967295", "pa.int64()"),
    "huge": ("pa.uint64()", "18446744073709551615", None),
    "single": ("pa.float32()", "2.5", "pa.float64()"),
    "double": ("pa.float64()", "1.1", None),
    "amount": ("pa.decimal128(12, 2)", "12.25", "pa.decimal128(18, 2)"),
    "rate": ("pa.decimal64(12, 2)", "12.25", "pa.decimal256(20, 6)"),
    "text": ("pa.string()", "ab c", "pa.large_string()"),
    "raw": ("pa.binary()", "ab", "pa.large_binary()"),
    "address": ("pa.uuid()", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", None),
    "born": ("pa.date32()", "2026-01-02", "pa.timestamp('us')"),
    "clock": ("pa.time64('us')", "12:34:56.123456", None),
    "second": ("pa.timestamp('s')", "2026-01-02 03:04:05", "pa.timestamp('us')"),
    "nano": ("pa.timestamp('ns')", "2026-01-02 03:04:05.123456789", None),
    "instant": ("pa.timestamp('us', tz='UTC')", "2026-01-02 03:04:05.123456+00", None),
    "document": ("pa.json_(pa.string())", '{"a": [1]}', None),
    "word": ("pa.dictionary(pa.int32(), pa.string())", "red", "pa.string()"),
    "numbers": ("pa.list_(pa.int32())", "[1, 2]", "pa.large_list(pa.int64())"),
    "pair": ("pa.list_(pa.float32(), 2)", "[1.5, 2.5]", None),
    "sizes": ("pa.struct([('a b', pa.int32())])", "{'a b': 7}", "pa.struct([('a b', pa.int64()), ('c', pa.date32())])"),
    "prices": ("pa.map_(pa.string(), pa.decimal128(5, 2))", "{a=1.25}", "pa.map_(pa.string(), pa.decimal128(9, 2))"),
}
LINE = "|".join(f"{name}={text}" for name, (_, text, _) in KINDS.items())


def declare(workshop: Workshop, is_wide: bool) -> None:
    columns = ((name, wide if is_wide and wide else kind) for name, (kind, _, wide) in KINDS.items())
    workshop.declare(*(f"{name!r}, {kind}" for name, kind in columns))


def assert_values(rows: int) -> None:
    """Every value comes back, and is found by what it is and not by what it is not."""
    found = list_columns()
    for name, (_, text, _) in KINDS.items():
        kind = found[name].rstrip("!")
        value = f"CAST('{text.replace(chr(39), chr(39) * 2)}' AS {kind})"
        query = f'SELECT count(*), count(*) FILTER ("{name}"::VARCHAR = {value}::VARCHAR) FROM core.gadgets'
        assert ask(query) == [(rows, rows)], name
        if name != "document":
            assert ask(f'SELECT count(*) FROM core.gadgets WHERE "{name}" = {value}') == [(rows,)], name


def test_every_type_survives(lake: EmptyLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workshop = open_workshop(tmp_path, monkeypatch)
    try:
        declare(workshop, is_wide=False)
        assert workshop.send(LINE).refused == {}
        assert_values(1)
        workshop.restart()
        before = read_snapshot(connect())
        assert is_prepared(connect(), ["core.gadgets"])
        prepare(load_settings())
        assert read_snapshot(connect()) == before
        workshop.send(LINE)
        declare(workshop, is_wide=True)
        assert workshop.send(LINE).refused == {}
        assert_values(3)
        for name, value in (("counted", "5.4"), ("priced", "5.4"), ("small", "-32768.5"), ("single", "2.50000001")):
            assert ask(f"SELECT count(*) FROM core.gadgets WHERE {name} = {value}") == [(0,)], name
        assert ask("SELECT count(*) FROM core.gadgets WHERE born > TIMESTAMP '2026-01-01 23:59:59'") == [(3,)]
        assert ask(f"SELECT count(*) FROM core.gadgets AT (VERSION => {before})") == [(1,)]
    finally:
        workshop.close()
