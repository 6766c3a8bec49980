"""Statements as trees: DuckDB's parser says what a text is, and writes a tree as a text again."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from watershed.errors import InvalidInput

Tree = dict[str, Any]
# What a condition on one row cannot have, by the parser's class.
FOREIGN = {"SUBQUERY": "a query in it", "STAR": "a *", "WINDOW": "a window", "PARAMETER": "a parameter"}


@cache
def open_parser() -> DuckDBPyConnection:
    """A DuckDB that holds nothing and reaches nothing: some statements read files while they are parsed."""
    return duckdb.connect(config={"enable_external_access": "false", "threads": 1, "lock_configuration": "true"})


def parse_tree(text: str) -> Tree:
    """The tree of one SELECT as DuckDB parses it. Raises InvalidInput where it has no such form."""
    [(tree,)] = open_parser().cursor().execute("SELECT json_serialize_sql(?)", [text]).fetchall()
    found: Tree = json.loads(tree)
    if found["error"]:
        raise InvalidInput(f"the statement cannot be examined ({found.get('error_message')})")
    return found


def write_tree(tree: Tree) -> str:
    """The statement of a tree."""
    [(text,)] = open_parser().cursor().execute("SELECT json_deserialize_sql(?::JSON)", [json.dumps(tree)]).fetchall()
    return str(text)


def walk_tree(node: Any) -> Iterator[Tree]:
    """Every node, those below a node after it."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from walk_tree(part)


def query_node(tree: Tree) -> Tree:
    """The one query of a tree. Raises InvalidInput where there are several."""
    if len(tree["statements"]) != 1:
        raise InvalidInput("there is more than one statement")
    node: Tree = tree["statements"][0]["node"]
    return node


def parse_condition(text: str) -> str:
    """The condition that somebody wrote, as DuckDB writes it: one expression over the columns of one row.

    Never paste what was written: `false) UNION ALL ... WHERE (true` is two queries. Raises InvalidInput, a sentence.
    """
    try:
        tree = parse_tree(f"SELECT {text}\n")
        node, plain = query_node(tree), query_node(parse_tree("SELECT true"))
    except (ValueError, duckdb.Error) as error:
        raise InvalidInput(f"{text!r} is not a condition: {str(error).splitlines()[0]}") from None
    values = node.get("select_list", [])
    if len(values) != 1 or values[0]["alias"] or node | {"select_list": []} != plain | {"select_list": []}:
        raise InvalidInput(f"{text!r} is not one condition: write an expression such as status = 500")
    for part in walk_tree(values):
        if (kind := part.get("class")) in FOREIGN:
            raise InvalidInput(
                f"{text!r} is not a condition on one row, it has {FOREIGN[kind]}: name columns and values"
            )
    return write_tree(tree).removeprefix("SELECT ")
