"""Modules that Great Expectations imports for tests of distributions and for charts, of which nothing here is asked.

They are a third of its import and 77 MB of every process that checks: they load once somebody asks them for something.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

UNASKED = ("altair", "scipy.stats")


class LateModule(ModuleType):
    """Stands in a module's place, and gives it up when asked for anything that only the module has."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            if name.startswith("__") and name != "__path__":  # what imports and inspections ask of any module
                raise AttributeError(name)
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def delay_imports() -> None:
    """Before the first import of Great Expectations. What is loaded already stays."""
    for name in UNASKED:
        sys.modules.setdefault(name, LateModule(name))
