"""The DuckDB that everything runs on: its extensions, and no others."""

from pathlib import Path

import duckdb
import pytest

from warehouse.connection import EXTENSIONS, find_extension, start_duckdb


def test_extensions_are_loaded() -> None:
    with start_duckdb({}) as con:
        loaded = con.execute("SELECT extension_name FROM duckdb_extensions() WHERE loaded").fetchall()
    assert {name for (name,) in loaded} >= set(EXTENSIONS)


def test_an_extension_that_was_changed_is_refused(tmp_path: Path) -> None:
    original = find_extension("quack")  # the others are there already
    changed = tmp_path / original.name
    content = bytearray(original.read_bytes())
    content[len(content) // 2] ^= 1
    changed.write_bytes(content)
    with start_duckdb({}) as con:
        with pytest.raises(duckdb.IOException, match="signature"):
            con.execute(f"LOAD '{changed}'")
        with pytest.raises(duckdb.InvalidInputException, match="allow_unsigned_extensions"):
            con.execute("SET allow_unsigned_extensions = true")
