"""Everything that data passes, from topics and raw objects to what models predict, and how it hangs together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from watershed.declarations import list_tables, load_features, load_sources, load_streams
from watershed.declarations.nearby import explain_unknown
from watershed.declarations.registry import MODELS
from watershed.declarations.table import Table
from watershed.errors import NotFound
from watershed.lineage.columns import list_columns
from watershed.lineage.kept import recall_columns
from watershed.lineage.origins import ColumnOrigin
from watershed.models.model import list_models
from watershed.warehouse.schema.marts import list_marts
from watershed.warehouse.schema.views import list_views

Kind = Literal["topic", "raw", "table", "mart", "view", "features", "model", "predictions"]


@dataclass(frozen=True)
class Node:
    """A place where data is. `columns` is empty for topics and raw objects: what is in them is not typed yet."""

    address: str
    kind: Kind
    description: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Graph:
    """Nodes by address, and for each the addresses that it is made of, and those that are made of it."""

    nodes: dict[str, Node]
    before: dict[str, tuple[str, ...]]
    after: dict[str, tuple[str, ...]]

    def find(self, address: str) -> Node:
        """Raises NotFound with what there is."""
        if address not in self.nodes:
            raise NotFound(explain_unknown("table", address, self.nodes))
        return self.nodes[address]

    def list_upstream(self, address: str) -> list[str]:
        """All that it is made of, directly or not, nearest first."""
        return follow(address, self.before)

    def list_downstream(self, address: str) -> list[str]:
        """All that depends on it, directly or not, nearest first."""
        return follow(address, self.after)

    @property
    def edges(self) -> list[tuple[str, str]]:
        return [(origin, address) for address, origins in self.before.items() for origin in origins]


@cache
def draw_graph() -> Graph:
    """The whole graph, from contracts, marts and views as they are declared: no query is parsed for it."""
    nodes = {node.address: node for node in (*list_arrivals(), *list_declared())}
    before: dict[str, set[str]] = {address: set() for address in nodes}
    for address, origin in list_edges():
        if origin in nodes and origin != address:
            before[address].add(origin)
    after: dict[str, set[str]] = {address: set() for address in nodes}
    for address, origins in before.items():
        for origin in origins:
            after[origin].add(address)
    return Graph(nodes, sort_neighbours(before), sort_neighbours(after))


def sort_neighbours(neighbours: dict[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {address: tuple(sorted(others)) for address, others in neighbours.items()}


def list_arrivals() -> list[Node]:
    """Topics, and the raw objects of every source."""
    topics = [Node(f"topic/{s.name}", "topic", f"Topic {s.topic}: {s.description}") for s in load_streams().values()]
    return topics + [Node(f"raw/{s.name}", "raw", f"Raw objects: {s.description}") for s in load_sources().values()]


def list_declared() -> list[Node]:
    columns, made = list_columns(), list_made()
    tables = [
        Node(t.address, made.get(t.address, "table"), t.description, columns[t.address]) for t in list_tables()
    ]
    features = [Node(f.address, "features", f.description, columns[f.address]) for f in load_features().values()]
    marts = [Node(m.address, "mart", m.description, columns[m.address]) for m in list_marts()]
    views = [Node(v.address, "view", v.description, columns[v.address]) for v in list_views()]
    return tables + features + marts + views


def list_made() -> dict[str, Kind]:
    """Tables of what models make that are more than tables to a reader."""
    predicted: dict[str, Kind] = {table.address: "predictions" for model in list_models() for table in model.tables}
    return predicted | {MODELS: "model"}


def list_edges() -> list[tuple[str, str]]:
    """Pairs of an address and one that it is made of."""
    streams = [(f"raw/{name}", f"topic/{name}") for name in load_streams()]
    fed = [(t.address, f"raw/{s.name}") for t in list_tables() for s in t.sources]
    marts = [(m.address, read) for m in list_marts() for read in (*m.reads, *m.views)]
    views = [(v.address, read) for v in list_views() for read in v.reads]
    return streams + fed + marts + views + list_learned()


def list_learned() -> list[tuple[str, str]]:
    """Of features and of what models make, as their columns say."""
    made: list[Table] = [*load_features().values(), *(t for t in list_tables() if t.is_made)]
    return [(table.address, origin) for table in made for origin in recall_columns(table.address).inputs]


def find_origins(address: str, column: str) -> list[tuple[int, ColumnOrigin]]:
    """All columns that a column is made of, with the number of steps back. Raises NotFound for no such column."""
    check_column(address, column)
    return walk_columns((address, column), list_origins)


def find_dependents(address: str, column: str) -> list[tuple[int, ColumnOrigin]]:
    """All columns that are made of it, with the number of steps on."""
    check_column(address, column)
    return walk_columns((address, column), lambda place: list(invert_columns().get(place, ())))


def list_links(places: set[tuple[str, str]]) -> list[tuple[str, str, ColumnOrigin]]:
    """The direct steps between columns of a set: address, column, and an origin of it that is in the set too."""
    return sorted(
        (*place, origin)
        for place in places
        for origin in list_origins(place)
        if (origin.address, origin.column) in places and (origin.address, origin.column) != place
    )


def list_near_columns(address: str) -> set[tuple[str, str]]:
    """The columns of a table, and those of others that are one step before or after one of them."""
    own = {(address, column) for column in draw_graph().find(address).columns}
    before = {(o.address, o.column) for place in own for o in list_origins(place)}
    after = {(o.address, o.column) for place in own for o in invert_columns().get(place, ())}
    return own | before | after


def list_row_dependents(address: str, column: str) -> list[str]:
    """The tables whose rows it decides about, by a condition, join or group, one step on."""
    return sorted(a for a in draw_graph().after[address] if (address, column) in list_row_places(a))


@cache
def list_row_places(address: str) -> frozenset[tuple[str, str]]:
    return frozenset((o.address, o.column) for o in recall_columns(address).rows) if is_traced(address) else frozenset()


def check_column(address: str, column: str) -> None:
    node = draw_graph().find(address)
    if node.columns and column not in node.columns:
        raise NotFound(explain_unknown(f"column of {address}", column, node.columns))


def is_traced(address: str) -> bool:
    return bool(draw_graph().nodes[address].columns) if address in draw_graph().nodes else False


def list_origins(place: tuple[str, str]) -> list[ColumnOrigin]:
    address, column = place
    return list(recall_columns(address).columns.get(column, ())) if is_traced(address) else []


@cache
def invert_columns() -> dict[tuple[str, str], list[ColumnOrigin]]:
    """By column those that are made of it. Some seconds, once a version of the code."""
    found: dict[tuple[str, str], list[ColumnOrigin]] = {}
    for address in filter(is_traced, draw_graph().nodes):
        for column, origins in recall_columns(address).columns.items():
            for o in origins:
                found.setdefault((o.address, o.column), []).append(ColumnOrigin(address, column, o.how))
    return found


def walk_columns(
    start: tuple[str, str], step: Callable[[tuple[str, str]], list[ColumnOrigin]]
) -> list[tuple[int, ColumnOrigin]]:
    """Breadth first, each column once."""
    seen, found, ring = {start}, [], [start]
    distance = 0
    while ring:
        distance += 1
        origins = [origin for place in ring for origin in step(place)]
        ring = []
        for origin in origins:
            place = (origin.address, origin.column)
            if place not in seen:
                seen.add(place)
                ring.append(place)
                found.append((distance, origin))
    return found


def follow(address: str, neighbours: Mapping[str, tuple[str, ...]]) -> list[str]:
    seen, ring = [address], [address]
    while ring:
        ring = list(dict.fromkeys(n for a in ring for n in neighbours[a] if n not in seen))
        seen += ring
    return seen[1:]
