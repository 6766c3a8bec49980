"""What a project declares: tables, sources, owners, roles. A contract is found by walking the project's `contracts/`,
never by a list."""

from dataclasses import replace
from functools import cache

from watershed.declarations.nearby import explain_unknown
from watershed.declarations.table import Layer, Source, Stream, Table
from watershed.errors import NotFound
from watershed.project import list_modules, load_module

CONTRACTS = "contracts"


@cache
def load_tables() -> dict[str, Table]:
    """Every declared table by name: the `TABLE` of each module of `contracts/` that has one."""
    modules = map(load_module, list_modules(CONTRACTS))
    tables = [m.TABLE for m in modules if hasattr(m, "TABLE")]
    return {t.name: t for t in tables}


@cache
def load_features() -> dict[str, Table]:
    """What models learn from, by name: the `FEATURES` of each module of `contracts/` that has some."""
    modules = map(load_module, list_modules(CONTRACTS))
    return {m.FEATURES.name: m.FEATURES for m in modules if hasattr(m, "FEATURES")}


@cache
def load_speed_tables() -> dict[str, Table]:
    """The tables of the speed layer by address: each as its table in `core`, fed by that one's layered streams."""
    layered = {
        table.name: tuple(s for s in table.sources if isinstance(s, Stream) and s.layer == "speed")
        for table in load_tables().values()
    }
    tables = [replace(load_tables()[name], schema="speed", sources=fed) for name, fed in layered.items() if fed]
    return {t.address: t for t in tables}


def list_tables() -> list[Table]:
    """Every table that publishes go to, those of the speed layer too."""
    return [*load_tables().values(), *load_speed_tables().values()]


def find_table(name: str) -> Table:
    """The table called `requests`, `core.requests` or `speed.ratings`. Raises NotFound with those there are."""
    tables = load_tables()
    found = load_speed_tables().get(name) or tables.get(name.rpartition(".")[2])
    if found is None:
        raise NotFound(explain_unknown("table", name, (t.address for t in tables.values())))
    return found


@cache
def load_sources() -> dict[str, Source]:
    return {s.name: s for t in load_tables().values() for s in t.sources}


@cache
def load_streams() -> dict[str, Stream]:
    return {name: s for name, s in load_sources().items() if isinstance(s, Stream)}


def forget_contracts() -> None:
    """Walk the folder anew when next asked: a process that runs for weeks finds what was declared meanwhile."""
    for load in (load_tables, load_features, load_speed_tables, load_sources, load_streams):
        load.cache_clear()


def find_source(name: str) -> Source:
    """The source called `access_logs`. Raises NotFound with the names there are."""
    sources = load_sources()
    if (found := sources.get(name)) is None:
        raise NotFound(explain_unknown("source", name, sources))
    return found


def find_stream(name: str) -> Stream:
    """The stream called `photo_events`. Raises NotFound with the names there are."""
    streams = load_streams()
    if (found := streams.get(name)) is None:
        raise NotFound(explain_unknown("stream", name, streams))
    return found


def tables_of(source: Source, layer: Layer | None = None) -> list[Table]:
    """The tables a source feeds, its home table first: in the layer of a stream, unless another one is asked for."""
    layer = layer or (source.layer if isinstance(source, Stream) else "core")
    fed = [t for t in list_tables() if t.schema == layer and source in t.sources]
    return sorted(fed, key=lambda t: (source not in t.home_of, t.name))
