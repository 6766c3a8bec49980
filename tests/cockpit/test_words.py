"""The words that the editor knows are DuckDB's, and those that a query may have."""

import re
from pathlib import Path

import duckdb
import pytest

SOURCE = Path(__file__).resolve().parents[2] / "watershed" / "cockpit" / "web" / "src" / "sql_words.js"
# Words of writing and of definitions, and those that DuckDB has from PostgreSQL's grammar alone.
OTHERS = {
    "analyse", "asymmetric", "both", "check", "column", "constraint", "create", "deferrable", "do", "foreign", "grant",
    "initially", "leading", "only", "placing", "primary", "references", "returning", "symmetric", "to", "trailing",
    "unique", "variadic", "when",
}  # fmt: skip


def read_words(name: str) -> set[str]:
    found = re.search(rf"export const {name} = `(.*?)`", SOURCE.read_text(), re.DOTALL)
    assert found is not None
    return set(found[1].split())


def test_words_are_of_duckdb() -> None:
    known = {name for (name,) in duckdb.sql("SELECT keyword_name FROM duckdb_keywords()").fetchall()}
    assert read_words("WORDS") - known == set()
    reserved = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'"
    missing = {name for (name,) in duckdb.sql(reserved).fetchall()} - read_words("WORDS")
    assert missing <= OTHERS


@pytest.mark.parametrize("word", ["vacuum", "insert", "tablespace", "xmlattributes", "plpgsql", "grant", "setof"])
def test_words_that_are_not_answered_are_not_offered(word: str) -> None:
    assert word not in read_words("WORDS") | read_words("TYPES")


def test_types_are_of_duckdb() -> None:
    known = {name.lower() for (name,) in duckdb.sql("SELECT type_name FROM duckdb_types()").fetchall()}
    assert read_words("TYPES") - known - {"enum", "union"} == set()
