"""What is told to a user is raised as an error of ours: a built-in class is a defect, or of a parser that is caught."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.house import ENGINE, format_path, list_files, read_tree

SENTENCES = {"ValueError", "LookupError", "KeyError", "ConnectionError", "TimeoutError", "PermissionError"}
# Parsers of one value or document: what they raise is why a row is bad, which their callers put into words.
PARSERS = ("watershed/sources/json/", "watershed/sources/topics/encoded_values.py")
# Whoever asks libraries or people for values has to catch what they raise; the command and the pages tell errors of
# ours, and Airflow's policy matches them.
TELLERS = (
    "watershed/cli/main.py",
    "watershed/cli/sentences.py",
    "watershed/cockpit/app.py",
    "watershed/cockpit/rendering.py",
)


def find_built_in(path: Path) -> Iterator[str]:
    """Where a file makes an error of a built-in class."""
    for node in ast.walk(read_tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SENTENCES and node.args:
            yield f"{format_path(path)}:{node.lineno} {node.func.id}"


def test_no_sentence_is_told_by_a_built_in_error() -> None:
    rooms = (ENGINE, "models", "contracts", "transforms", "expectations", "sample", "dags")
    files = [path for room in rooms for path in list_files(room) if not format_path(path).startswith(PARSERS)]
    assert [found for path in files for found in find_built_in(path)] == []


def test_what_tells_errors_knows_ours() -> None:
    """No class of them is matched at large, such as ValueError, which a defect may be."""
    for path in list_files(ENGINE):
        if format_path(path) in TELLERS:
            names = {node.id for node in ast.walk(read_tree(path)) if isinstance(node, ast.Name)}
            assert not names & {"ValueError", "LookupError", "KeyError"}, format_path(path)
