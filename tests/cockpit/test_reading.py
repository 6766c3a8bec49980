"""Pages that read the lake inside the web server do so with a bound of time and memory, and cannot write."""

import duckdb
import pytest

from tests.empty_lake import EmptyLake
from watershed.cockpit import reading
from watershed.cockpit.reading import read_lake

pytestmark = pytest.mark.servers


def ask(query: str) -> int:
    with read_lake("too much") as con:
        return len(con.execute(query).fetchall())


def test_what_takes_too_long_ends_with_a_sentence(module_lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PATIENCE_S", 0.5)
    with pytest.raises(LookupError, match="too much"):
        ask("SELECT count(*) FROM range(1000000) AS a, range(10000000) AS b WHERE a.range * b.range % 7 = 3")
    assert ask("FROM core.requests") == 0


def test_what_takes_too_much_memory_ends_with_a_sentence(
    module_lake: EmptyLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATERSHED_ANALYST_MEMORY", "100MB")
    with pytest.raises(LookupError, match="too much"):
        ask("SELECT list(repeat('x', 100) || range) FROM range(5000000)")
    assert ask("FROM core.requests") == 0


def test_nothing_is_written(module_lake: EmptyLake) -> None:
    with pytest.raises(duckdb.Error):
        ask("DELETE FROM core.requests")
