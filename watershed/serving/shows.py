"""`SHOW` as people know it: every table of the lake with its address. DuckDB lists those of the schema `main`, where we
have none. What other databases call `SHOW COLUMNS` or `SHOW TABLES LIKE` is said in DuckDB's words.
"""

import re
from collections.abc import Callable
from functools import cache

from duckdb import DuckDBPyConnection

from watershed.declarations import list_tables
from watershed.declarations.roles import Role
from watershed.declarations.table import Table
from watershed.serving.role_rows import find_closed
from watershed.serving.trees import Tree, parse_tree, query_node
from watershed.warehouse.connection import LAKE, quote
from watershed.warehouse.schema.marts import Mart, list_marts
from watershed.warehouse.schema.views import View, list_views

BEFORE = r"(?P<before>(?:\s|--[^\n]*\n|/\*.*?\*/)*)"  # white space and comments
FOREIGN: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"SHOW\s+(?:FULL\s+)?(?:COLUMNS|FIELDS)\s+(?:FROM|IN)\s+(.+)", lambda found: f"DESCRIBE {found[2]}"),
    (r"SHOW\s+TABLES\s+(?:FROM\s+(\S+)\s+)?I?LIKE\s+('(?:[^']|'')*')\s*;?\s*", lambda found: like_sql(found)),
    (r"PRAGMA\s+show_tables(?:\(\))?\s*;?\s*", lambda found: "SHOW TABLES"),
    (r"PRAGMA\s+(table_info\s*\(.*\)|version(?:\(\))?)\s*;?\s*", lambda found: pragma_sql(found[2])),
)
LISTED = """
    SELECT schema_name AS in_schema, table_name AS own FROM duckdb_tables() WHERE database_name = '{lake}'
    UNION ALL
    SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = '{lake}' AND NOT internal
"""
ADDRESSES = f"SELECT in_schema || '.' || own FROM ({LISTED.format(lake=LAKE)})"
SCHEMAS = "SELECT schema_name FROM duckdb_schemas() WHERE database_name = ?"
EVERY, EXPANDED, FROM = '"tables"', "__show_tables_expanded", "SHOW_FROM"


def translate_shows(sql: str) -> str:
    """What a statement of another database's would be called here; any other one as it is."""
    for pattern, spell in FOREIGN:
        if found := re.fullmatch(BEFORE + pattern, sql, re.IGNORECASE | re.DOTALL):
            return found["before"] + spell(found)
    return sql


def like_sql(found: re.Match[str]) -> str:
    within = f" FROM {found[2]}" if found[2] else ""
    return f"FROM (SHOW TABLES{within}) WHERE name ILIKE {found[3]}"


def pragma_sql(name: str) -> str:
    return f"FROM pragma_{name}" if name.endswith(")") else f"FROM pragma_{name}()"


def lists_tables(node: Tree) -> bool:
    """Whether a node of a statement is a SHOW that lists tables."""
    if node.get("type") != "SHOW_REF" or node["query"]:
        return False
    return bool(node["show_type"] == FROM or node["table_name"] in (EVERY, EXPANDED))


def replace_show(con: DuckDBPyConnection, node: Tree, role: Role) -> None:
    """Put the list of what the role may see in the place of a SHOW. Of a schema that there is not DuckDB says so."""
    closed = find_hidden(con, role)
    if node["table_name"] == EXPANDED:
        query = f"SELECT * FROM (SHOW ALL TABLES) WHERE schema || '.' || name NOT IN ({closed}) ORDER BY ALL"
    elif node["table_name"] == EVERY or (node["schema_name"].lower() == LAKE and not node["catalog_name"]):
        query = list_sql("in_schema || '.' || own", "true", closed)
    elif (node["schema_name"].lower(),) in con.execute(SCHEMAS, [LAKE]).fetchall():
        query = list_sql("own", f"in_schema = {quote(node['schema_name'].lower())}", closed)
    else:
        return
    taken = query_node(parse_tree(f"FROM ({query})"))["from_table"]
    kept = {key: node[key] for key in ("alias", "sample") if node.get(key)}
    node.clear()
    node.update(taken | kept)


def find_hidden(con: DuckDBPyConnection, role: Role) -> str:
    """Addresses, as a list of SQL, of what is closed to a role since it sees some rows only of what that is made of."""
    addresses = con.execute(ADDRESSES).fetchall() if role.rows else []
    return ", ".join(quote(address) for (address,) in addresses if find_closed(role, address)) or "''"


def list_sql(name: str, condition: str, closed: str) -> str:
    told = ", ".join(f"({quote(address)}, {quote(text)})" for address, text in describe_declared().items())
    return f"""
        SELECT {name} AS name, description FROM ({LISTED.format(lake=LAKE)})
        LEFT JOIN (VALUES {told}) AS told(address, description) ON address = in_schema || '.' || own
        WHERE {condition} AND in_schema || '.' || own NOT IN ({closed}) ORDER BY 1
    """


@cache
def describe_declared() -> dict[str, str]:
    """What tables, marts and views say of themselves, by address."""
    declared: list[Table | Mart | View] = [*list_tables(), *list_marts(), *list_views()]
    return {one.address: one.description for one in declared}
