"""What an analyst may ask: statements that only read, over the lake and what describes it.

The servers refuse writes by themselves (the role and the key can only read), and the engine is locked. What neither
knows are functions that do more than answer: `postgres_query`, `quack_query` or `arrow_scan`. So each statement is
parsed by DuckDB, and its tree names no function that reads from elsewhere: an unknown one is refused. Nor does it name
a file: the lake's own Parquet files lie where the engine may read, with rows that are deleted or masked in tables.
"""

import re
from collections.abc import Iterator

import duckdb
from duckdb import StatementType

from watershed.declarations.roles import Role, find_least_role
from watershed.errors import InvalidInput
from watershed.serving.role_rows import VAULT
from watershed.serving.role_views import KEYS
from watershed.serving.trees import Tree, open_parser, parse_tree, walk_tree
from watershed.warehouse.connection import LAKE
from watershed.warehouse.schema.ddl import SCHEMAS as LAKE_SCHEMAS

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
ANSWERS = "answers"  # where an endpoint keeps what it found (serving/quack_server.py)
INNER = ("__ducklake_metadata", ANSWERS)  # the catalogue's own tables: paths and statistics of files
OURS = "watershed_"
LIKE_A_FILE = re.compile(r"[/\\\\:*?]|\.\w+$")  # DuckDB reads a file where a table is named so
# Of a role that does not see everything: where names may point to, and the fields that a node has them in.
CATALOGUES = {"", LAKE, "system"}
OWN_SCHEMAS = {"", "main", "system", "information_schema", "pg_catalog", LAKE, *LAKE_SCHEMAS}
NAMING = (("catalog_name", "schema_name"), ("catalog", "schema"))
PEEKING = {"stats", "getvariable"}  # the least and greatest value of a column; variables, of which there are none
EXPLAIN = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*EXPLAIN\s+(?:ANALYZE\b|\([^)]*\))?", re.IGNORECASE | re.DOTALL)
READ_ONLY = "only queries are answered here: write SELECT, FROM, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN of a query"


def refuse_statement(sql: str, role: Role | None = None) -> None:
    """Raises InvalidInput with one sentence unless every statement only reads what the role sees of the lake;
    duckdb.Error for what is no SQL.

    `sql` may hold several statements. Nothing is executed.
    """
    role = role or find_least_role()
    statements = list(split_statements(sql))
    if not statements:
        raise InvalidInput(f"there is no statement: {READ_ONLY}")
    for kind, text in statements:
        if kind != StatementType.SELECT:
            raise InvalidInput(f"{kind.name.replace('_', ' ')} is refused: {READ_ONLY}")
        for node in walk_tree(parse_query(text)):
            refuse_node(node, role)
        if not role.is_unrestricted:
            refuse_names(text)


def split_statements(sql: str) -> Iterator[tuple[StatementType, str]]:
    """Type and text of each; of EXPLAIN, that which is explained, since ANALYZE executes it."""
    for statement in open_parser().cursor().extract_statements(sql):
        if statement.type == StatementType.EXPLAIN and (prefix := EXPLAIN.match(statement.query)):
            yield from split_statements(statement.query[prefix.end() :])
        else:
            yield statement.type, statement.query


def is_explained(sql: str) -> bool:
    return any(s.type == StatementType.EXPLAIN for s in open_parser().cursor().extract_statements(sql))


def parse_query(text: str) -> Tree:
    """The tree of one SELECT as DuckDB parses it. Raises InvalidInput where it has no such form."""
    try:
        return parse_tree(text)
    except ValueError as error:
        raise InvalidInput(f"{error}: {READ_ONLY}") from None


def refuse_node(node: Tree, role: Role) -> None:
    """Raises InvalidInput for a function in FROM that is not known to be harmless, for the catalogue's own tables, for
    files, and for what lies behind the views of a role."""
    kind = node.get("type")
    if kind == "TABLE_FUNCTION":
        function = node["function"]
        name, schema = function["function_name"].lower(), function["schema"].lower()
        if name not in ALLOWED and schema not in SCHEMAS:
            raise InvalidInput(f"the function {name} is not for analysts: ask tables, views and their functions")
    if kind == "BASE_TABLE":
        refuse_table(node)
    if kind == "FUNCTION" and node["function_name"].lower().startswith((OURS, "quack_")):
        raise InvalidInput(f"the function {node['function_name']} is not for analysts")
    if not role.is_unrestricted:
        refuse_bypass(node)


def refuse_table(node: Tree) -> None:
    names = [node["catalog_name"], node["schema_name"], node["table_name"]]
    if " ".join(names[:2]).strip().lower().startswith(INNER):
        raise InvalidInput("the catalogue's own tables are not for analysts: duckdb_tables() says what there is")
    if any(LIKE_A_FILE.search(name) for name in names):
        raise InvalidInput(f"{'.'.join(filter(None, names))!r} is not a table: files are not for analysts")


def refuse_bypass(node: Tree) -> None:
    """Raises InvalidInput for what is not in a role's catalogue, and for what tells of hidden values."""
    for catalog_field, schema_field in NAMING:
        catalog, schema = (str(node.get(part) or "").lower() for part in (catalog_field, schema_field))
        if catalog not in CATALOGUES or schema not in OWN_SCHEMAS:
            named = ".".join(filter(None, (catalog, schema)))
            raise InvalidInput(f"there is no schema {named}: SHOW ALL TABLES lists what there is")
    name = str(node.get("function_name") or "").lower()
    if name in PEEKING:
        raise InvalidInput(f"the function {name} is not for analysts: it tells of values that are masked")
    asked = [child.get("value", {}).get("value") for child in node.get("children", [])[:1]]
    if name.startswith("ducklake_") and asked != [LAKE]:
        raise InvalidInput(f"the function {name} is asked about {LAKE!r}, the one catalogue that there is")


def refuse_names(text: str) -> None:
    """The same of the tables that DuckDB's binder finds in a query, whatever the tree says. Raises InvalidInput."""
    try:
        found = open_parser().cursor().get_table_names(text, qualified=True)
    except duckdb.Error:  # a macro of the lake, which the parser does not have: the tree has been examined
        return
    for name in found:
        first = name.partition(".")[0].strip('"').lower()
        if first in (VAULT, KEYS) or LIKE_A_FILE.search(first):
            raise InvalidInput(f"{name} is not for analysts: SHOW ALL TABLES lists what is")
