"""`PIVOT ... ON column` without its values: DuckDB would make a type of them first, which nobody may here. So they are
marked as open in the text, and looked up, as the role sees them, once the statement has been examined.
"""

from collections.abc import Iterator
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection, StatementType

from watershed.errors import InvalidInput
from watershed.serving.sql_guard import EXPLAIN
from watershed.serving.trees import Tree, open_parser, parse_tree, query_node, write_tree

MOST = 1_000  # columns that a PIVOT may make by itself
OPEN = "every value that there is \x1a"  # in the place of values, until they are looked up
ENDS = {"USING", "GROUP", "ORDER", "LIMIT", "OFFSET", "UNION", "EXCEPT", "INTERSECT", ";", ")"}

Token = tuple[int, int, str]  # where it begins and ends, in bytes, and the word in capitals


def mark_pivots(sql: str) -> str:
    """The text with values, to be looked up, where a PIVOT has none; as it is where none lacks them."""
    prefix = found[0] if (found := EXPLAIN.match(sql)) else ""
    text = sql[len(prefix) :].encode()
    if not makes_type(text.decode()):
        return sql
    tokens = list(read_tokens(text))
    pivots = [n for n, (*_, word) in enumerate(tokens, 1) if word in ("PIVOT", "PIVOT_WIDER")]
    for place in sorted({place for n in pivots for place in find_open(tokens[n:])}, reverse=True):
        text = text[:place] + f" IN ('{OPEN}')".encode() + text[place:]
    return prefix + text.decode()


def makes_type(sql: str) -> bool:
    """Whether DuckDB would make a type before it answers."""
    try:
        kinds = [statement.type for statement in open_parser().cursor().extract_statements(sql)]
    except duckdb.Error:
        return False
    return kinds[:1] == [StatementType.CREATE] and kinds[-1] == StatementType.SELECT


def read_tokens(text: bytes) -> Iterator[Token]:
    found = [(place, kind) for place, kind in duckdb.tokenize(text.decode()) if kind != duckdb.token_type.comment]
    for (place, kind), following in zip(found, [*(place for place, _ in found[1:]), len(text)], strict=True):
        part = text[place:following]
        if kind == duckdb.token_type.operator:  # of `((` one token is told
            yield from ((place + n, place + n + 1, chr(c)) for n, c in enumerate(part) if chr(c) in "();,")
        else:
            word = part.decode().split("--")[0].split("/*")[0].rstrip() if part[:1] not in b"'\"" else part.decode()
            yield place, place + len(word.encode()), word.upper()


def find_open(tokens: list[Token]) -> Iterator[int]:
    """Where the columns end that a PIVOT names without values; `tokens` are those after the word."""
    depth, is_listed, has_values, end = 0, False, False, 0
    for _, after, word in tokens:
        if depth == 0 and is_listed and (word == "," or word in ENDS):
            if not has_values:
                yield end
            has_values = False
            if word != ",":
                return
        elif depth == 0 and word == "ON":
            is_listed = True
        elif word == "FOR" and depth == 1 and not is_listed:  # FROM t PIVOT (sum(x) FOR y IN ...), which has values
            return
        has_values = has_values or (is_listed and depth == 0 and word == "IN")
        depth += (word == "(") - (word == ")")
        end = after
        if depth < 0:
            return
    if is_listed and not has_values:
        yield end


def is_open(pivot: Tree) -> bool:
    return [value["value"] for entry in pivot["entries"] for value in entry["values"]] == [OPEN]


def fill_pivots(con: DuckDBPyConnection, node: Any, within: tuple[Tree, ...] = ()) -> None:
    """Look up the values in a tree. `within`: what WITH has named around it. Raises InvalidInput for too many."""
    if isinstance(node, list):
        for part in node:
            fill_pivots(con, part, within)
    if not isinstance(node, dict):
        return
    for named in node.get("cte_map", {}).get("map", ()):
        fill_pivots(con, named, within)
        within = (*within, named)
    for field, part in node.items():
        if field != "cte_map":
            fill_pivots(con, part, within)
    for pivot in node.get("pivots", ()):
        if is_open(pivot):
            pivot["entries"] = [entry_tree(value) for value in find_values(con, node["source"], pivot, within)]


def find_values(con: DuckDBPyConnection, source: Tree, pivot: Tree, within: tuple[Tree, ...]) -> list[str]:
    tree = parse_tree(f"SELECT DISTINCT CAST(x AS VARCHAR), x FROM t WHERE x IS NOT NULL ORDER BY 2 LIMIT {MOST + 1}")
    node, [expression] = query_node(tree), pivot["pivot_expressions"]
    node["from_table"], node["cte_map"] = source, {"map": list(within)}
    node["select_list"][0]["child"] = node["select_list"][1] = expression
    node["where_clause"]["children"] = [expression]
    values = [str(value) for value, _ in con.execute(write_tree(tree)).fetchall()]
    if not values:
        raise InvalidInput("PIVOT finds no value to make a column of: there is no row")
    if len(values) > MOST:
        raise InvalidInput(f"PIVOT would make more than {MOST:,} columns: write which, as ON column IN ('a', 'b')")
    return values


def entry_tree(value: str) -> Tree:
    constant = {"type": {"id": "VARCHAR", "type_info": None}, "is_null": False, "value": value}
    return {"values": [constant], "star_expr": None, "alias": ""}
