"""Questions of the page Lineage: what to draw, where something comes from, and what depends on it."""

from dataclasses import dataclass
from typing import Any

from watershed.cockpit.questions.tables import list_conditions
from watershed.lineage.graph import (
    Graph,
    Node,
    draw_graph,
    find_dependents,
    find_origins,
    is_traced,
    list_links,
    list_near_columns,
    list_row_dependents,
)
from watershed.lineage.kept import recall_columns
from watershed.lineage.origins import ColumnOrigin, Lineage

HOW = {"copied": "as it is", "computed": "computed", "aggregated": "of many rows"}


@dataclass(frozen=True)
class Chosen:
    """What somebody looks at: a table, or one column of it. Lists are nearest first."""

    node: Node
    column: str
    upstream: list[str]
    downstream: list[str]
    origins: list[tuple[int, ColumnOrigin]]
    dependents: list[tuple[int, ColumnOrigin]]
    row_dependents: list[str]
    lineage: Lineage | None

    @property
    def expression(self) -> str:
        return self.lineage.expressions.get(self.column, "") if self.lineage else ""

    @property
    def related(self) -> set[str]:
        """The addresses that belong on the drawing: of a column, those that hold a column in its lineage."""
        if not self.column:
            return {self.node.address, *self.upstream, *self.downstream}
        return {address for address, _ in self.places}

    @property
    def places(self) -> set[tuple[str, str]]:
        """The columns on the drawing: of a column its lineage, of a table its own and their neighbours."""
        if not self.column:
            return list_near_columns(self.node.address)
        found = (*self.origins, *self.dependents)
        return {(self.node.address, self.column), *((o.address, o.column) for _, o in found)}


def find_chosen(name: str) -> Chosen | None:
    """Of `core.requests`, `core.requests.status` or `raw/access_logs`; None for an empty name. Raises NotFound."""
    if not name:
        return None
    graph = draw_graph()
    schema, table, *rest = [*name.split("."), ""]
    address, column = (f"{schema}.{table}", ".".join(rest[:-1])) if len(rest) > 1 else (name, "")
    return Chosen(
        node=graph.find(address),
        column=column,
        upstream=graph.list_upstream(address),
        downstream=graph.list_downstream(address),
        origins=find_origins(address, column) if column else [],
        dependents=find_dependents(address, column) if column else [],
        row_dependents=list_row_dependents(address, column) if column else [],
        lineage=recall_columns(address) if is_traced(address) else None,
    )


def draw(chosen: Chosen | None) -> dict[str, Any]:
    """Nodes and edges for the drawing: of what is chosen and hangs together with it, else of everything; with columns
    and the `links` between them, of what is chosen."""
    graph = draw_graph()
    shown = chosen.related if chosen else set(graph.nodes)
    places = {place for place in (chosen.places if chosen else ()) if place[0] in shown}
    states = {address: condition.state for address, condition in list_conditions().items()}
    return {
        "nodes": [describe_node(graph, address, chosen, states, places) for address in graph.nodes if address in shown],
        "edges": [edge for edge in graph.edges if set(edge) <= shown],
        "links": [[o.address, o.column, address, column, HOW[o.how]] for address, column, o in list_links(places)],
        "column": chosen.column if chosen else "",
    }


def describe_node(
    graph: Graph, address: str, chosen: Chosen | None, states: dict[str, str], places: set[tuple[str, str]]
) -> dict[str, Any]:
    node = graph.nodes[address]
    return {
        "id": address,
        "kind": node.kind,
        "state": states.get(address, ""),
        "role": "chosen" if chosen and chosen.node.address == address else "",
        "about": node.description,
        "columns": [column for column in node.columns if (address, column) in places],
    }


def list_addresses() -> list[str]:
    return sorted(draw_graph().nodes)
