"""Sizes: a function over 40 lines or a module over 250 needs a reason, written here."""

import ast

from tests.architecture.house import ROOMS, format_path, list_files, read_tree

FUNCTION_LINES = 40
MODULE_LINES = 250

# What is longer, and why that reads better than its parts would.
LONG_FUNCTIONS: dict[str, str] = {}
LONG_MODULES: dict[str, str] = {}


def test_functions_are_short() -> None:
    found = {
        f"{format_path(path)}:{node.name}": length
        for room in (*ROOMS, "tests")
        for path in list_files(room)
        for node in ast.walk(read_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    }
    assert {name: length for name, length in found.items() if name not in LONG_FUNCTIONS} == {}
    assert set(LONG_FUNCTIONS) <= set(found), "a listed function is short by now, or gone: take it off the list"


def test_modules_are_short() -> None:
    lengths = {
        format_path(path): len(path.read_text().splitlines()) for room in (*ROOMS, "tests") for path in list_files(room)
    }
    found = {name: length for name, length in lengths.items() if length > MODULE_LINES}
    assert {name: length for name, length in found.items() if name not in LONG_MODULES} == {}
    assert set(LONG_MODULES) <= set(found), "a listed module is short by now, or gone: take it off the list"
