"""What somebody can ask about and with: tables with columns, macros and functions, as far as their role sees them.

The lake itself is asked, as an analyst asks it; what contracts and SQL files say of it is put beside.
"""

import json
import re
from functools import cache
from typing import Any

from watershed.declarations.roles import Role
from watershed.errors import NotFound
from watershed.serving.role_rows import find_closed
from watershed.serving.shows import describe_declared
from watershed.serving.sql_guard import DESCRIBE, MAKE_ROWS, PEEKING
from watershed.serving.sql_pool import DESK
from watershed.warehouse.ledger.tables import LEDGER_SQL
from watershed.warehouse.schema.ddl import list_declared
from watershed.warehouse.schema.marts import Mart, list_marts
from watershed.warehouse.schema.personal import list_personal
from watershed.warehouse.schema.views import View, list_views

MOST = 20_000  # columns and functions together
TABLE_FUNCTIONS = ", ".join(f"'{name}'" for name in sorted(MAKE_ROWS | DESCRIBE))
WORDS = f"""
    SELECT 'column' AS what, schema_name || '.' || table_name AS owner, column_name AS name, data_type AS detail,
           column_index AS place
    FROM duckdb_columns()
    WHERE database_name = 'lake' AND schema_name NOT IN ('main', 'information_schema', 'pg_catalog')
    UNION ALL
    SELECT 'macro', schema_name || '.' || function_name, array_to_string(parameters, ', '), '', 0
    FROM duckdb_functions() WHERE database_name = 'lake' AND schema_name <> 'main' AND function_type LIKE '%macro'
    UNION ALL
    SELECT 'function', any_value(function_type), function_name, any_value(description), 0 FROM duckdb_functions()
    WHERE schema_name = 'main' AND regexp_full_match(function_name, '[a-z][a-z0-9_]*')
        AND (function_type IN ('scalar', 'aggregate', 'macro') OR function_name IN ({TABLE_FUNCTIONS}))
        AND NOT regexp_matches(function_name, '^(pg|postgres|ducklake|has|col|obj|shobj|quack|watershed)_')
        AND function_name NOT IN ('currval', 'nextval', 'txid_current', 'write_log')
    GROUP BY function_name
    ORDER BY what, owner, place, name
"""
LEDGER_COLUMN = re.compile(r"^    (\w+) \w+[^\n]*?-- ([^\n]*)", re.MULTILINE)
LEDGER_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (ledger\.\w+) \((.*?)\n\);", re.DOTALL)

Vocabulary = dict[str, Any]
KNOWN: dict[str, tuple[object, Vocabulary]] = {}  # by role: the version of the tables that it was read of


async def read_vocabulary(user: str, role: Role, version: object) -> Vocabulary:
    """`version` changes when a table does; while it does not, nothing is asked again. Raises Busy, NotFound."""
    known = KNOWN.get(role.name)
    if known is None or known[0] != version:
        question = {"query": WORDS, "role": role.name, "snapshot": "", "shown": MOST, "by": "names"}
        found = json.loads(await DESK.ask(user, "names", question))
        if "error" in found:
            raise NotFound(f"the names of tables cannot be read: {found['error']}")
        known = KNOWN[role.name] = (version, arrange(found["rows"], role))
    return known[1]


def arrange(rows: list[list[Any]], role: Role) -> Vocabulary:
    columns: dict[str, dict[str, str]] = {}
    for _, owner, name, detail, _ in (row for row in rows if row[0] == "column"):
        columns.setdefault(owner, {})[name] = detail
    told = describe_declared()
    macros = [(owner, name) for what, owner, name, *_ in rows if what == "macro"]
    functions = [row for row in rows if row[0] == "function" and row[2] not in PEEKING]
    return {
        "tables": [
            {"address": address, "about": told.get(address, ""), "columns": describe_columns(address, own, role)}
            for address, own in columns.items()
            if not find_closed(role, address)
        ],
        "macros": [{"address": one, "parameters": named, "about": told.get(one, "")} for one, named in macros],
        "functions": [{"name": name, "kind": kind, "about": about or ""} for _, kind, name, about, _ in functions],
    }


def describe_columns(address: str, kinds: dict[str, str], role: Role) -> list[dict[str, Any]]:
    told, personal = describe_lake().get(address, {}), list_personal(address, kinds)
    return [
        {
            "name": name,
            "type": kind,
            "about": told.get(name, ""),
            "isPersonal": name in personal,
            "isMasked": name in personal and not role.sees(address, name),
        }
        for name, kind in kinds.items()
    ]


@cache
def describe_lake() -> dict[str, dict[str, str]]:
    """What is said of each column, by address of the table, mart, view or quarantine."""
    queries: list[Mart | View] = [*list_marts(), *list_views()]
    found = {address: {c.name: c.description for c in columns} for address, columns in list_declared().items()}
    found |= {query.address: {c.name: c.description for c in query.columns} for query in queries}
    ledger = LEDGER_TABLE.findall(LEDGER_SQL.read_text())
    return found | {address: dict(LEDGER_COLUMN.findall(columns)) for address, columns in ledger}
