"""What travels between the steps has a class: no signature and no field of the flows is a dict of anything."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.house import ROOT, format_path, list_files, read_tree

UNTYPED = "dict[str, Any]"
# Where JSON is read and written: what a class is made of, and what it becomes.
EDGES = {"to_json", "from_json"}
# Documents that others read too.
ALLOWED = {
    "watershed/flows/ingest/announce.py compose_event",  # an OpenLineage event, as the ledger has it
    "watershed/flows/step_files.py read_step",  # what a class is made of by its reader
    "watershed/flows/step_files.py find_step",
}


def find_untyped(path: Path) -> Iterator[str]:
    """Functions with such a parameter or result, and classes with such a field."""
    for node in ast.walk(read_tree(path)):
        if isinstance(node, ast.FunctionDef) and node.name not in EDGES:
            hints = [arg.annotation for arg in ast.walk(node.args) if isinstance(arg, ast.arg)]
            if any(UNTYPED in ast.unparse(hint) for hint in (*hints, node.returns) if hint is not None):
                yield f"{format_path(path)} {node.name}"
        elif isinstance(node, ast.ClassDef):
            fields = (ast.unparse(one.annotation) for one in node.body if isinstance(one, ast.AnnAssign))
            if any(UNTYPED in hint for hint in fields):
                yield f"{format_path(path)} {node.name}"


def test_what_travels_between_the_steps_has_a_class() -> None:
    assert {found for path in list_files("watershed/flows") for found in find_untyped(path)} == ALLOWED


def test_no_step_knows_the_keys_of_what_another_has_left() -> None:
    """One reader and one writer: `land.json` and its like are read by the class that they are made of."""
    writers = {ROOT / "watershed" / "flows" / "step_files.py"}
    found = [
        format_path(path)
        for path in list_files("watershed/flows")
        if path not in writers and "step_key(" in path.read_text()
    ]
    assert found == []
