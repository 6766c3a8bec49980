"""The repository as the architecture tests see it: rooms, their Python files, and what those import."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

STATIONS = {"contracts", "sources", "lake", "transforms", "expectations", "warehouse"}

# Room to the rooms that it may import besides itself. Who is in no list is imported by nobody.
MAY_IMPORT = {
    "contracts": set(),
    "lake": {"contracts"},
    "sources": {"contracts", "lake"},
    "transforms": {"contracts"},
    "expectations": {"contracts"},
    "warehouse": {"contracts", "lake"},
    "lineage": {"contracts", "lake", "sources", "transforms", "warehouse"},
    "steps": STATIONS | {"models", "lineage"},
    "models": {"contracts", "lake", "warehouse"},
    "monitoring": STATIONS | {"models", "lineage", "steps"},
    "cockpit": STATIONS | {"models", "lineage", "steps", "monitoring"},
    "plugins": STATIONS | {"models", "lineage", "steps", "monitoring", "cockpit"},
    "dags": {"contracts", "plugins"},
    "stack": STATIONS | {"models", "lineage", "steps", "monitoring", "cockpit", "plugins"},
    "benchmarks": STATIONS | {"models", "lineage", "steps", "monitoring", "cockpit", "plugins", "stack", "tests"},
}
ROOMS = tuple(MAY_IMPORT)


@dataclass(frozen=True)
class Import:
    """One imported module. `is_lazy`: inside a function, or for type checkers only, so loading the file stays cheap."""

    module: str
    line: int
    is_lazy: bool

    @property
    def package(self) -> str:
        return self.module.partition(".")[0]


def list_files(room: str) -> list[Path]:
    return sorted(path for path in (ROOT / room).rglob("*.py") if "__pycache__" not in path.parts)


def list_stems(room: str) -> set[str]:
    """Names of the modules right inside a room."""
    return {path.stem for path in (ROOT / room).glob("*.py")} - {"__init__"}


def spell_path(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read_tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


@cache
def find_imports(path: Path) -> tuple[Import, ...]:
    """Every import of a file, `import_module("sources.x")` with a fixed beginning included."""
    return tuple(walk_imports(read_tree(path), is_lazy=False))


def walk_imports(node: ast.AST, is_lazy: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        lazy = is_lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) or is_for_type_checkers(child)
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, lazy) for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module:
            yield Import(child.module, child.lineno, lazy)
        elif isinstance(child, ast.Call) and (name := read_module_name(child)):
            yield Import(name, child.lineno, lazy)
        yield from walk_imports(child, lazy)


def is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def read_module_name(call: ast.Call) -> str | None:
    """What `import_module("a.b")` or `import_module(f"a.{name}")` imports, as far as it is written down."""
    if not ast.unparse(call.func).endswith("import_module") or not call.args:
        return None
    name = call.args[0]
    start = name.values[0] if isinstance(name, ast.JoinedStr) else name
    return start.value if isinstance(start, ast.Constant) and isinstance(start.value, str) else None
