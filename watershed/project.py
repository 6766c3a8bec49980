"""The project that the engine works for: a folder with contracts, transforms, expectations, marts, models and DAGs.

It is the folder in `WATERSHED_PROJECT`, else the working directory or the nearest folder above it that is one, else the
checkout that the engine itself lies in. The engine knows a project by looking for it, never by importing its names.
"""

import os
import sys
import traceback
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from watershed.errors import Unavailable, UserError

MARKS = ("contracts", "airflow.cfg")
CHECKOUT = Path(__file__).resolve().parent.parent


class ProjectMissing(UserError):
    """A project is needed, and there is none."""


class ModuleBroken(UserError, ImportError):
    """A file of the project that Python cannot load."""


def find_project() -> Path:
    """The project's folder, on the import path from then on. Raises ProjectMissing."""
    named = os.environ.get("WATERSHED_PROJECT")
    here = Path.cwd()
    places = [Path(named).expanduser().absolute()] if named else [here, *here.parents, CHECKOUT]
    if (found := next(filter(is_project, places), None)) is None:
        where = f"WATERSHED_PROJECT is {named}, which" if named else f"{here}"
        raise ProjectMissing(f"{where} is not in a project: go into one, or make one with `watershed init DIR`")
    open_project(str(found))
    return found


def is_project(folder: Path) -> bool:
    return all((folder / mark).exists() for mark in MARKS)


@cache
def open_project(folder: str) -> None:
    """Let the project's packages be imported, before packages of such names that are installed."""
    if folder not in sys.path:
        sys.path.insert(0, folder)


def load_module(name: str) -> ModuleType:
    """A module of the project, `contracts.photos`. Raises ProjectMissing, ModuleBroken."""
    project = find_project()
    try:
        return import_module(name)
    except (UserError, Unavailable):
        raise
    except Exception as error:
        raise ModuleBroken(explain_module(project, name, error)) from error


def explain_module(project: Path, name: str, error: Exception) -> str:
    """In one sentence, why a module cannot be loaded, and by which line of the project."""
    places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        places.append((error.filename or "", error.lineno))
    own = [(Path(file).relative_to(project), line) for file, line in places if Path(file).is_relative_to(project)]
    own = [(file, line) for file, line in own if file.parts[0] != __package__]  # the engine may lie in a checkout
    where = f"{own[-1][0]}, line {own[-1][1]}" if own else name
    reason = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{where}, cannot be loaded: {type(error).__name__}: {reason}; mend it, or what it names"


def find_module(name: str) -> ModuleType | None:
    """The same; None where the project has no such module."""
    find_project()
    package = name.rpartition(".")[0]
    return load_module(name) if (not package or find_spec(package)) and find_spec(name) else None


def list_modules(package: str) -> list[str]:
    """The modules of a package of the project, by their whole names."""
    return sorted(f"{package}.{module.name}" for module in iter_modules(load_module(package).__path__))
