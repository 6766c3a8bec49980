"""The DuckDB that everything runs on: its extensions, and no others."""

import shutil
from pathlib import Path

import duckdb
import pytest

from warehouse.connection import EXTENSIONS, check_signatures, find_extension, start_duckdb


def test_extensions_are_loaded() -> None:
    with start_duckdb({}) as con:
        loaded = con.execute("SELECT extension_name FROM duckdb_extensions() WHERE loaded").fetchall()
    assert {name for (name,) in loaded} >= set(EXTENSIONS)


def test_an_extension_that_was_changed_is_refused(tmp_path: Path) -> None:
    original = find_extension("quack")  # the others are there already
    changed = Path(shutil.copy(original, tmp_path))
    change(changed)
    with start_duckdb({}) as con:
        with pytest.raises(duckdb.IOException, match="signature"):
            con.execute(f"LOAD '{changed}'")
        with pytest.raises(duckdb.InvalidInputException, match="allow_unsigned_extensions"):
            con.execute("SET allow_unsigned_extensions = true")


def test_an_extension_that_changes_after_it_was_found_good_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = {name: Path(shutil.copy(find_extension(name), tmp_path)) for name in EXTENSIONS}
    monkeypatch.setattr("warehouse.connection.find_extension", copies.__getitem__)
    monkeypatch.setenv("WATERSHED_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    for _ in ("looks at the files", "remembers them"):
        check_signatures.__wrapped__()
    change(copies["ducklake"])
    with pytest.raises(duckdb.IOException, match="signature"):
        check_signatures.__wrapped__()


def change(path: Path) -> None:
    """One bit of it."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
