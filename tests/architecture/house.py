"""The repository as the architecture tests see it: rooms, their Python files, and what those import."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

ENGINE = "watershed"
FLOOR = {"errors", "project", "settings", "declarations"}
STATIONS = FLOOR | {"lake", "sources", "transforms", "quality", "warehouse"}

# Room of the engine to the rooms that it may import besides itself. None imports a room of the project.
MAY_IMPORT = {
    "errors": set(),
    "project": {"errors"},
    "settings": {"errors", "project"},
    "declarations": FLOOR,
    "lake": FLOOR,
    "sources": FLOOR | {"lake"},
    "transforms": FLOOR,
    "quality": FLOOR,
    "warehouse": FLOOR | {"lake"},
    "serving": FLOOR | {"lake", "warehouse"},
    "models": FLOOR | {"lake", "warehouse"},
    "lineage": STATIONS - {"quality"} | {"models"},
    "flows": STATIONS | {"serving", "models", "lineage"},
    "monitoring": STATIONS | {"models", "lineage", "flows"},
    "cockpit": STATIONS | {"serving", "models", "lineage", "flows", "monitoring"},
    "airflow": STATIONS | {"serving", "models", "lineage", "flows", "monitoring", "cockpit"},
    "stack": STATIONS | {"serving", "monitoring"},
    "synthetic": STATIONS | {"stack"},
    "scaffold": STATIONS,
    "cli": STATIONS
    | {"serving", "models", "lineage", "flows", "monitoring", "cockpit", "stack", "synthetic", "scaffold"},
}
ENGINE_ROOMS = tuple(MAY_IMPORT)
# Room of the project to the project's rooms that it may import besides itself. All may import the engine.
PROJECT_ROOMS = {
    "contracts": set(),
    "transforms": {"contracts"},
    "expectations": {"contracts"},
    "models": {"contracts"},
    "dags": {"contracts"},
    "plugins": set(),
    "sample": {"contracts", "models"},
    "benchmarks": {"contracts", "transforms", "expectations", "models", "sample"},
}
ROOMS = (ENGINE, *PROJECT_ROOMS)


@dataclass(frozen=True)
class Import:
    """One imported module. `is_lazy`: inside a function, or for type checkers only, so loading the file stays cheap."""

    module: str
    line: int
    is_lazy: bool

    @property
    def package(self) -> str:
        return self.module.partition(".")[0]

    @property
    def room(self) -> str:
        """Of the engine: `warehouse` for `watershed.warehouse.connection`; empty for what is not the engine's."""
        package, _, rest = self.module.partition(".")
        return rest.partition(".")[0] if package == ENGINE else ""


def list_files(room: str) -> list[Path]:
    return sorted(path for path in (ROOT / room).rglob("*.py") if "__pycache__" not in path.parts)


def list_engine_files(room: str) -> list[Path]:
    """Of a room that is a folder, or one module."""
    return list_files(f"{ENGINE}/{room}") or [ROOT / ENGINE / f"{room}.py"]


def list_stems(room: str) -> set[str]:
    """Names of the modules right inside a room."""
    return {path.stem for path in (ROOT / room).glob("*.py")} - {"__init__"}


def format_path(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read_tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


@cache
def find_imports(path: Path) -> tuple[Import, ...]:
    """Every import of a file, `import_module("watershed.sources.x")` with a fixed beginning included."""
    return tuple(walk_imports(read_tree(path), is_lazy=False))


def walk_imports(node: ast.AST, is_lazy: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        lazy = is_lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) or is_for_type_checkers(child)
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, lazy) for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module == ENGINE:
            yield from (Import(f"{ENGINE}.{alias.name}", child.lineno, lazy) for alias in child.names)
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
