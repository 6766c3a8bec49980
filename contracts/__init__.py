"""The nouns every station shares: one file a table. A contract is found by walking this package, never by a list."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from contracts.table import Source, Table


@cache
def load_tables() -> dict[str, Table]:
    """Every declared table by name: the `TABLE` of each module of this package that has one."""
    modules = (import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__))
    tables = [m.TABLE for m in modules if hasattr(m, "TABLE")]
    return {t.name: t for t in tables}


def find_table(name: str) -> Table:
    """The table called `requests` or `core.requests`. Raises LookupError with the names there are."""
    tables = load_tables()
    if (found := tables.get(name.rpartition(".")[2])) is None:
        raise LookupError(f"there is no table {name!r}; the tables are {', '.join(sorted(tables))}")
    return found


@cache
def load_sources() -> dict[str, Source]:
    return {s.name: s for t in load_tables().values() for s in t.sources}


def find_source(name: str) -> Source:
    """The source called `access_logs`. Raises LookupError with the names there are."""
    sources = load_sources()
    if (found := sources.get(name)) is None:
        raise LookupError(f"there is no source {name!r}; the sources are {', '.join(sorted(sources))}")
    return found


def tables_of(source: Source) -> list[Table]:
    """The tables a source feeds, its home table first."""
    fed = [t for t in load_tables().values() if source in t.sources]
    return sorted(fed, key=lambda t: (source not in t.home_of, t.name))
