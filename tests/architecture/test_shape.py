"""Shape of the engine: no folder that has grown flat, no class name twice, functions that are short by and large."""

import ast
from collections import Counter, defaultdict
from statistics import median, quantiles

from tests.architecture.house import ENGINE, ROOMS, format_path, list_files, read_tree

MOST_MODULES = 20
# Equals: each module is one command or one page.
LISTS_OF_EQUALS = {"watershed/cli/commands", "watershed/cockpit/pages"}


def test_no_folder_is_flat() -> None:
    folders = Counter(format_path(path.parent) for path in list_files(ENGINE) if path.stem != "__init__")
    assert {name: count for name, count in folders.items() if count > MOST_MODULES}.keys() <= LISTS_OF_EQUALS


def test_no_class_name_is_used_twice() -> None:
    places = defaultdict(list)
    for path in list_files(ENGINE):
        for node in read_tree(path).body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(format_path(path))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_names_of_functions_say_what_they_build() -> None:
    """`_sql`, `_key`, or `format_` for people; `spell_` said none of it."""
    found = [
        f"{format_path(path)}:{node.lineno} {node.name}"
        for room in (*ROOMS, "tests")
        for path in list_files(room)
        for node in ast.walk(read_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("spell_")
    ]
    assert found == []


def test_most_functions_and_modules_are_short() -> None:
    trees = {path: read_tree(path) for path in list_files(ENGINE)}
    functions = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    modules = [len(path.read_text().splitlines()) for path in trees if path.stem != "__init__"]
    assert (median(functions), quantiles(functions, n=10)[-1]) <= (8, 20)
    assert quantiles(modules, n=10)[-1] <= 180
    print(f"functions: median {median(functions)}, p90 {quantiles(functions, n=10)[-1]}, longest {max(functions)}")
    print(f"modules: median {median(modules)}, p90 {quantiles(modules, n=10)[-1]}, longest {max(modules)}")
