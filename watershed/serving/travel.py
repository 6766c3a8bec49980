"""Older versions of tables, for a role that has views in place of them.

DuckLake's `AT (VERSION => 7)` and `table_changes` know tables only. So where a statement says either, what it names is
replaced in its tree by the same view of that version, or of those changes: masked and filtered as the table is.
"""

from typing import Any

from duckdb import DuckDBPyConnection

from watershed.declarations.roles import Role
from watershed.errors import InvalidInput
from watershed.serving.role_rows import VAULT, find_closed
from watershed.serving.role_views import see
from watershed.serving.trees import Tree, parse_tree, query_node, write_tree
from watershed.warehouse.connection import LAKE, quote

CHANGES = ("table_changes", "table_insertions", "table_deletions")
# The views that stand for tables read the vault.
IS_TABLE = """
    SELECT 1 FROM duckdb_views() WHERE database_name = ? AND schema_name = ? AND view_name = ? AND sql LIKE ?
"""
OURS = ("snapshot_id", "rowid", "change_type")  # columns that DuckLake adds to changes


def travels(node: Tree) -> bool:
    if node.get("type") == "TABLE_FUNCTION":
        return node["function"]["function_name"].lower().removeprefix("ducklake_") in CHANGES
    return bool(node.get("type") == "BASE_TABLE" and node["at_clause"])


def replace_travel(con: DuckDBPyConnection, node: Tree, role: Role) -> None:
    """Put a query in the place of what travels, under the same name. Raises InvalidInput for a view, which has no
    versions, and duckdb.Error."""
    address, source = changes_sql(node) if node["type"] == "TABLE_FUNCTION" else version_sql(con, node)
    if why := find_closed(role, address):
        raise InvalidInput(why)
    described = con.execute(f"DESCRIBE FROM {source}").fetchall()
    columns = {str(name): str(kind) for name, kind, *_ in described}
    seen = see(role, address, source, columns, [name for name in columns if name in OURS])
    name = node["alias"] or address.partition(".")[2]
    taken = query_node(parse_tree(f'FROM ({seen.query}) AS "{name}"'))["from_table"]
    kept: dict[str, Any] = {key: node[key] for key in ("sample", "column_name_alias") if key in node}
    node.clear()
    node.update(taken | kept)


def version_sql(con: DuckDBPyConnection, node: Tree) -> tuple[str, str]:
    """Address of the table, and the table at its version, for FROM."""
    schema, name = node["schema_name"].lower(), node["table_name"].lower()
    address = f"{schema}.{name}"
    when = dict(parse_tree("SELECT 1"))
    query_node(when)["select_list"] = [node["at_clause"]["expr"]]
    moment = write_tree(when).removeprefix("SELECT ")
    if not con.execute(IS_TABLE, [LAKE, schema, name, f"% {VAULT}.%"]).fetchall():
        raise InvalidInput(f"{address} is not a table of the lake, and only tables have versions: choose a snapshot")
    return address, f'(FROM {VAULT}."{schema}"."{name}" AT ({node["at_clause"]["unit"]} => {moment}))'


def changes_sql(node: Tree) -> tuple[str, str]:
    """Address of the table, and its changes for FROM. Raises InvalidInput unless it is asked as DuckLake is."""
    function = node["function"]
    name = function["function_name"].lower().removeprefix("ducklake_")
    values = [child.get("value", {}).get("value") for child in function["children"]]
    if function["function_name"].lower() == name:  # core.table_changes('requests', 1, 2)
        values = [LAKE, function["schema"], *values]
    if [type(value) for value in values] != [str, str, str, int, int]:
        raise InvalidInput(f"{name} is asked as ducklake_{name}('lake', 'core', 'requests', 1, 2), numbers of versions")
    _, schema, table, first, last = values
    texts = ", ".join(quote(text.lower()) for text in (VAULT, schema, table))
    return f"{schema}.{table}".lower(), f"ducklake_{name}({texts}, {first}, {last})"
