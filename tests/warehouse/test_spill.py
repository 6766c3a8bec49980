"""Each engine spills into a folder of its own, and what a killed process has left goes away."""

import os
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from watershed.warehouse.connection import start_duckdb
from watershed.warehouse.spill import name_owner, name_spill, remove_spilled

SORT = """
    CREATE TEMP TABLE sorted AS
    SELECT {n} * range AS a, 'row {n} ' || range AS b FROM range(400_000) ORDER BY hash(a)
"""
FOUND = "SELECT count(*), sum(a), count(*) FILTER (b <> 'row {n} ' || (a // {n})) FROM sorted"
SUM = sum(range(400_000))
PROGRAM = f"""
import sys
from contextlib import closing
from watershed.warehouse.connection import start_duckdb
n = int(sys.argv[1])
with closing(start_duckdb({{"memory_limit": "30MB", "threads": "2"}})) as con:
    for _ in range(3):
        con.execute(f'''{SORT}''')
        print(con.execute(f"{FOUND}").fetchone())
        con.execute("DROP TABLE sorted")
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WATERSHED_HOME", str(tmp_path))
    return tmp_path


def test_processes_that_spill_at_once_do_not_meet(home: Path) -> None:
    """In one folder they crash, or find each other's rows."""
    started = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, str(n)], stdout=subprocess.PIPE, text=True) for n in (1, 2, 3)
    ]
    found = [re.findall(r"^\(.*\)$", process.communicate()[0], re.MULTILINE) for process in started]
    assert found == [[f"(400000, {n * SUM}, 0)"] * 3 for n in (1, 2, 3)]
    assert list((home / "spill").iterdir()) == []


def test_engines_of_a_process_do_not_meet(home: Path) -> None:
    memory = {"memory_limit": "30MB"}
    with closing(start_duckdb(memory)) as one, closing(start_duckdb(memory)) as other:
        for n, con in ((1, one), (2, other)):
            con.execute(SORT.format(n=n))
        assert len(list((home / "spill").iterdir())) == 2
        found = [con.execute(FOUND.format(n=n)).fetchone() for n, con in ((1, one), (2, other))]
    assert found == [(400_000, n * SUM, 0) for n in (1, 2)]


def test_what_a_killed_process_left_is_removed(home: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    gone, other = home / "spill" / f"{name_owner(ended.pid)}.1", home / "spill" / f"other.host.{ended.pid}.1"
    alive, file = home / "spill" / f"{name_owner(os.getppid())}.7", gone.with_suffix(".parquet")
    for folder in (gone, other, alive):
        folder.mkdir(parents=True)
        (folder / "duckdb_temp_storage_DEFAULT-0.tmp").touch()
    file.touch()
    own = name_spill(home)
    assert {path.name for path in (home / "spill").iterdir()} == {other.name, alive.name}
    own.mkdir()
    remove_spilled(home, os.getpid())
    assert not own.exists() and alive.exists()
