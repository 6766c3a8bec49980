"""From what somebody wrote to what is run: in DuckDB's words, examined, and adapted to what their role sees."""

import re

import duckdb
from duckdb import DuckDBPyConnection

from watershed.declarations.roles import Role
from watershed.serving.pivots import fill_pivots, is_open, mark_pivots
from watershed.serving.role_rows import VAULT
from watershed.serving.shows import lists_tables, replace_show, translate_shows
from watershed.serving.sql_guard import EXPLAIN, refuse_statement
from watershed.serving.travel import replace_travel, travels
from watershed.serving.trees import parse_tree, walk_tree, write_tree
from watershed.warehouse.connection import LAKE

SUGGESTED = re.compile(r'\nDid you mean "([^"]*)"\?')
HIDDEN = (f"{VAULT}.", f"__ducklake_metadata_{LAKE}", f"__ducklake_metadata_{VAULT}")  # which nobody may name


def examine_statement(sql: str, role: Role) -> str:
    """What is meant by a statement, which only reads. Nothing is executed. Raises InvalidInput with one sentence
    where it does more, duckdb.Error for what is no SQL."""
    meant = mark_pivots(translate_shows(sql))
    refuse_statement(meant, role)
    return meant


def adapt_statement(con: DuckDBPyConnection, sql: str, role: Role) -> str:
    """The statement for the role's connection: as it is, unless it travels in time, lists tables, or pivots by values
    that it does not name. It has been examined. Raises InvalidInput where that cannot be done, and duckdb.Error."""
    prefix = found[0] if (found := EXPLAIN.match(sql)) else ""
    try:
        tree = parse_tree(sql[len(prefix) :])
    except (ValueError, duckdb.Error):
        return sql  # what is wrong with it, its own error says, with the place
    nodes = list(walk_tree(tree))
    shows = [node for node in nodes if lists_tables(node)]
    pivots = [node for node in nodes if any(map(is_open, node.get("pivots", ())))]
    trips = [] if role.is_unrestricted else [node for node in nodes if travels(node)]
    for node in shows:
        replace_show(con, node, role)
    for node in trips:
        replace_travel(con, node, role)
    if pivots:
        fill_pivots(con, tree)
    return prefix + write_tree(tree) if shows or trips or pivots else sql


def explain_error(error: Exception) -> str:
    """DuckDB's sentence, without the query that it repeats below, and without names that nobody may ask."""
    return SUGGESTED.sub(suggest, str(error).split("\n\nLINE ")[0].split("\nLINE ")[0].strip())


def suggest(found: re.Match[str]) -> str:
    names = [name for name in re.split(r",? or |, ", found[1]) if not name.startswith(HIDDEN)]
    return f'\nDid you mean "{" or ".join(names)}"?' if names else ""
