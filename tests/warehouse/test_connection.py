"""The DuckDB that everything runs on: its extensions, and no others."""

import shutil
from pathlib import Path

import duckdb
import pytest
from psycopg.conninfo import conninfo_to_dict

from watershed.settings import Settings, find_home
from watershed.warehouse.connection import (
    EXTENSIONS,
    check_signatures,
    find_extension,
    open_engine,
    split_address,
    start_duckdb,
)


def test_extensions_are_loaded() -> None:
    with start_duckdb({}) as con:
        loaded = con.execute("SELECT extension_name FROM duckdb_extensions() WHERE loaded").fetchall()
    assert {name for (name,) in loaded} >= set(EXTENSIONS)


@pytest.mark.parametrize("threads", ["1", "3"])
def test_an_engine_has_the_threads_that_the_settings_say(threads: str) -> None:
    settings = Settings(find_home(), "none", "postgresql://nobody@localhost/none", "", "", duckdb_threads=threads)
    with open_engine(settings) as con:
        assert con.execute("SELECT current_setting('threads')").fetchone() == (int(threads),)


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
    monkeypatch.setattr("watershed.warehouse.connection.find_extension", copies.__getitem__)
    monkeypatch.setenv("WATERSHED_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    for _ in ("looks at the files", "remembers them"):
        check_signatures.__wrapped__()
    change(copies["ducklake"])
    with pytest.raises(duckdb.IOException, match="signature"):
        check_signatures.__wrapped__()


def change(path: Path) -> None:
    """One bit of it, in a new file: this process may run what is in the old one."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    path.write_bytes(content)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ann:secret@db.example:6432/lake",
        "postgres://ann:p%40ss%2Fw%3Aord%25@db.example/lake?sslmode=require",
        "postgresql://ann:wh#t?@[::1]:6432/the%20lake",
        "postgresql://ann@127.0.0.1/lake",
        "postgresql:///lake",
        "postgresql://ann:a:b@db.example:6432?application_name=x",
    ],
)
def test_addresses_are_read_as_libpq_reads_them(address: str) -> None:
    """(Without a port it is PostgreSQL's own.)"""
    read = conninfo_to_dict(address)
    words = {"HOST": "host", "PORT": "port", "DATABASE": "dbname", "USER": "user", "PASSWORD": "password"}
    expected = {"PORT": "5432"} | {word: str(read[own]) for word, own in words.items() if own in read}
    assert split_address(address) == expected
