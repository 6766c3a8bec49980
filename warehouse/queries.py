"""What an analyst may ask: statements that only read, over the lake and what describes it.

The servers refuse writes by themselves (the role and the key can only read), and the engine is locked. What neither
knows are functions that do more than answer: `postgres_query`, `quack_query` or `arrow_scan`. So each statement is
parsed by DuckDB, and its tree names no function that reads from elsewhere: an unknown one is refused.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection, StatementType

# Functions in FROM that make rows of their arguments, or say what there is in the lake.
MAKE_ROWS = {"range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree"}
DESCRIBE = {
    "duckdb_columns", "duckdb_constraints", "duckdb_databases", "duckdb_functions", "duckdb_keywords",
    "duckdb_schemas", "duckdb_tables", "duckdb_types", "duckdb_views", "icu_calendar_names", "pg_timezone_names",
    "pragma_table_info", "pragma_version", "show_databases", "show_tables", "show_tables_expanded",
}  # fmt: skip
TRAVEL = {"current_snapshot", "last_committed_snapshot", "snapshots", "table_changes", "table_deletions"}
TRAVEL |= {"table_info", "table_insertions"}
ALLOWED = MAKE_ROWS | DESCRIBE | TRAVEL | {f"ducklake_{name}" for name in TRAVEL}
SCHEMAS = {"core", "mart", "ml", "serve"}  # of our own macros
ANSWERS = "answers"  # where an endpoint keeps what it found (warehouse/remote.py)
INNER = ("__ducklake_metadata", ANSWERS)  # the catalogue's own tables: paths and statistics of files
OURS = "watershed_"
EXPLAIN = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*EXPLAIN\s+(?:ANALYZE\b|\([^)]*\))?", re.IGNORECASE | re.DOTALL)
READ_ONLY = "only queries are answered here: write SELECT, FROM, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN of a query"


def refuse_statement(sql: str) -> None:
    """Raises ValueError with one sentence unless every statement only reads the lake; duckdb.Error for what is no SQL.

    `sql` may hold several statements. Nothing is executed.
    """
    statements = list(split_statements(sql))
    if not statements:
        raise ValueError(f"there is no statement: {READ_ONLY}")
    for kind, text in statements:
        if kind != StatementType.SELECT:
            raise ValueError(spell_refusal(kind, sql))
        for node in walk_tree(parse_query(text)):
            refuse_node(node)


def split_statements(sql: str) -> Iterator[tuple[StatementType, str]]:
    """Type and text of each; of EXPLAIN, that which is explained, since ANALYZE executes it."""
    for statement in open_parser().cursor().extract_statements(sql):
        if statement.type == StatementType.EXPLAIN and (prefix := EXPLAIN.match(statement.query)):
            yield from split_statements(statement.query[prefix.end() :])
        else:
            yield statement.type, statement.query


def is_explained(sql: str) -> bool:
    return any(s.type == StatementType.EXPLAIN for s in open_parser().cursor().extract_statements(sql))


def spell_refusal(kind: StatementType, sql: str) -> str:
    if re.search(r"\bPIVOT\b", sql, re.IGNORECASE):
        return "PIVOT works here when its values are written: PIVOT t ON column IN ('a', 'b') USING sum(x)"
    return f"{kind.name.replace('_', ' ')} is refused: {READ_ONLY}"


def parse_query(text: str) -> Any:
    """The tree of one SELECT as DuckDB parses it. Raises ValueError where it has no such form."""
    [(tree,)] = open_parser().cursor().execute("SELECT json_serialize_sql(?)", [text]).fetchall()
    found = json.loads(tree)
    if found["error"]:
        raise ValueError(f"the statement cannot be examined ({found.get('error_message')}): {READ_ONLY}")
    return found


def walk_tree(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from walk_tree(part)


def refuse_node(node: dict[str, Any]) -> None:
    """Raises ValueError for a function in FROM that is not known to be harmless, and for the catalogue's own tables."""
    kind = node.get("type")
    if kind == "TABLE_FUNCTION":
        function = node["function"]
        name, schema = function["function_name"].lower(), function["schema"].lower()
        if name not in ALLOWED and schema not in SCHEMAS:
            raise ValueError(f"the function {name} is not for analysts: ask tables, views and their functions")
    if kind == "BASE_TABLE" and f"{node['catalog_name']} {node['schema_name']}".strip().lower().startswith(INNER):
        raise ValueError("the catalogue's own tables are not for analysts: duckdb_tables() says what there is")
    if kind == "FUNCTION" and node["function_name"].lower().startswith((OURS, "quack_")):
        raise ValueError(f"the function {node['function_name']} is not for analysts")


@cache
def open_parser() -> DuckDBPyConnection:
    """A DuckDB that holds nothing and reaches nothing: some statements read files while they are parsed."""
    return duckdb.connect(config={"enable_external_access": "false", "threads": 1, "lock_configuration": "true"})
