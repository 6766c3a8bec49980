"""What somebody wrote, in DuckDB's words: other databases' SHOW, and PIVOT without values. No server is asked."""

import duckdb
import pytest

from watershed.declarations.roles import find_role
from watershed.serving.pivots import OPEN, fill_pivots, mark_pivots
from watershed.serving.shows import translate_shows
from watershed.serving.statements import examine_statement, explain_error
from watershed.serving.trees import parse_tree, write_tree

SALES = """
    CREATE TABLE years AS SELECT 2023 AS z;
    CREATE TABLE sales AS FROM (VALUES ('n', 2023, 1), ('n', 2024, 2), ('s', 2024, 3), (NULL, 2024, 9)) AS t(a, b, c)
"""


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("SHOW COLUMNS FROM core.users;", "DESCRIBE core.users;"),
        ("-- mine\nshow full fields in core.users", "-- mine\nDESCRIBE core.users"),
        ("SHOW TABLES LIKE '%it''s%' ;", "FROM (SHOW TABLES) WHERE name ILIKE '%it''s%'"),
        ("show tables from mart like 'top%'", "FROM (SHOW TABLES FROM mart) WHERE name ILIKE 'top%'"),
        ("PRAGMA show_tables;", "SHOW TABLES"),
        ("pragma table_info('core.users')", "FROM pragma_table_info('core.users')"),
        ("PRAGMA version", "FROM pragma_version()"),
        ("SELECT 'SHOW COLUMNS FROM core.users'", "SELECT 'SHOW COLUMNS FROM core.users'"),
        ("SHOW TABLES", "SHOW TABLES"),
    ],
)
def test_what_other_databases_say_is_understood(said: str, meant: str) -> None:
    assert translate_shows(said) == meant


@pytest.mark.parametrize(
    "attack",
    [
        "SHOW COLUMNS FROM core.users; DROP TABLE core.users",
        "PRAGMA table_info('a'); PRAGMA memory_limit = '1GB'; SELECT ('')",
        "PRAGMA database_size",
        "CREATE TABLE mine AS FROM (PIVOT core.users ON country USING count(*))",
        "PIVOT (FROM read_csv('/etc/passwd')) ON a USING count(*)",
        "PIVOT core.users ON (SELECT max(content) FROM read_text('/etc/passwd')) USING count(*)",
        "CREATE TYPE mine AS ENUM ('a'); SELECT 1",
    ],
)
def test_no_other_wording_leads_past_the_guard(attack: str) -> None:
    with pytest.raises((ValueError, duckdb.Error)):
        examine_statement(attack, find_role("steward"))


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("PIVOT sales ON a USING sum(c) GROUP BY b ORDER BY b", [(2023, 1, None), (2024, 2, 3)]),
        ("PIVOT sales ON b, a USING sum(c)", [(1, None, 2, 3)]),
        ("PIVOT sales ON b IN (2024), a USING sum(c)", [(2, 3)]),
        ("PIVOT (FROM sales WHERE c < 3) ON a /* , USING */ USING sum(c) GROUP BY b -- ON b\nLIMIT 0", []),
        ("WITH s AS (SELECT a, c FROM sales) PIVOT s ON a USING count(*), max(c)", [(2, 2, 1, 3)]),
        ("WITH p AS (PIVOT (SELECT a, c FROM sales) ON a USING sum(c)) SELECT n + s FROM p", [(6,)]),
        ("FROM (PIVOT sales ON a USING sum(c) GROUP BY b) AS x JOIN years AS y ON b = z", [(2023, 1, None, 2023)]),
        ("FROM sales PIVOT (sum(c) FOR a IN ('n') GROUP BY b) JOIN years ON b = z", [(2023, 1, 2023)]),
        ("PIVOT sales ON upper(a) || ',' USING sum(c) GROUP BY b LIMIT 0", []),
    ],
)  # fmt: skip
def test_a_pivot_finds_its_values(query: str, rows: list[tuple[object, ...]]) -> None:
    with duckdb.connect() as con:
        con.execute(SALES)
        tree = parse_tree(mark_pivots(query))
        fill_pivots(con, tree)
        assert con.execute(write_tree(tree)).fetchall() == rows


def test_what_needs_no_values_is_left_as_it_is() -> None:
    for query in ("PIVOT t ON a IN (1) USING sum(b)", "SELECT 1", "SELCT", "UNPIVOT t ON a", "SELECT 'PIVOT t ON a'"):
        assert mark_pivots(query) == query
    assert mark_pivots("EXPLAIN PIVOT t ON a USING sum(b)") == f"EXPLAIN PIVOT t ON a IN ('{OPEN}') USING sum(b)"


def test_a_pivot_says_why_it_makes_no_columns() -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE many AS SELECT range AS a, 1 AS b FROM range(1001)")
        for query, why in (("many", "more than 1,000 columns"), ("(FROM many WHERE false)", "there is no row")):
            with pytest.raises(ValueError, match=why):
                fill_pivots(con, parse_tree(mark_pivots(f"PIVOT {query} ON a USING sum(b)")))


def test_errors_name_nothing_that_is_hidden() -> None:
    said = 'no users!\nDid you mean "core.users, vault.core.users, or vault.quarantine.users"?\n\nLINE 1: x'
    assert explain_error(ValueError(said)) == 'no users!\nDid you mean "core.users"?'
    hidden = 'no!\nDid you mean "__ducklake_metadata_vault.pg_catalog.pg_timezone_names"?'
    assert explain_error(ValueError(hidden)) == "no!"
