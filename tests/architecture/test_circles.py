"""No module of the engine imports, over others or not, what imports it: also where only types are meant."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter

from tests.architecture.house import ENGINE, ROOT, is_for_type_checkers, list_files, read_tree

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in list_files(ENGINE)
}


def find_imported(module: str) -> Iterator[str]:
    """Modules of the engine that one imports when it is loaded, or for its types."""
    body = read_tree(MODULES[module]).body
    typed = [node for one in body if isinstance(one, ast.If) and is_for_type_checkers(one) for node in one.body]
    for node in (*body, *typed):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == ENGINE:
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name if name in MODULES else str(node.module) for name in names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)


def test_no_circle_of_imports() -> None:
    TopologicalSorter({module: set(find_imported(module)) - {module} for module in MODULES}).prepare()
