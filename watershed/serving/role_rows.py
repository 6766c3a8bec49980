"""Which rows a role sees: the conditions that it declares, and what follows for what is made of those rows."""

from collections.abc import Iterable, Iterator
from functools import cache

from watershed.declarations import list_tables
from watershed.declarations.roles import Role
from watershed.serving.trees import parse_tree, walk_tree, write_tree
from watershed.warehouse.schema.marts import list_marts
from watershed.warehouse.schema.views import find_view, list_views

VAULT = "vault"  # the lake itself, where analysts get views of it


def find_rule(role: Role, address: str) -> str | None:
    """The condition for rows of a table; that of a table is that of its twin in the speed layer too."""
    schema, _, name = address.partition(".")
    return role.rows.get(address) or (role.rows.get(f"core.{name}") if schema == "speed" else None)


def find_closed(role: Role, address: str) -> str | None:
    """Why a role sees nothing of a relation: it was made of rows that the role may not see, and nobody can tell which
    of its rows; None where it does see it."""
    if not role.rows or find_rule(role, address):
        return None
    schema, _, name = address.partition(".")
    ruled = {own for own in role.rows if own in list_origins(address)}
    if schema == "quarantine" and f"core.{name}" in role.rows:
        ruled = {f"core.{name}"}
    if not ruled:
        return None
    return f"{address} is made of {', '.join(sorted(ruled))}, of which the role {role.name} sees some rows only"


def explain_partial(role: Role, addresses: Iterable[str]) -> str | None:
    """A sentence where the role sees some rows only of any of these tables, None where it sees all."""
    ruled = sorted(address for address in addresses if find_rule(role, address))
    return f"The role {role.name} sees some rows of {', '.join(ruled)} only" if ruled else None


@cache
def list_origins(address: str) -> frozenset[str]:
    """All tables that a mart is made of; of what models make every table, since they may learn from any."""
    marts = {mart.address: mart for mart in list_marts()}
    if address not in marts:
        made = {table.address for table in list_tables() if table.is_made}
        return frozenset(table.address for table in list_tables()) - {address} if address in made else frozenset()
    reads = marts[address].reads + tuple(read_views(marts[address].views))
    return frozenset(reads).union(*(list_origins(own) for own in reads if own != address))


def read_views(names: Iterable[str]) -> Iterator[str]:
    """The tables and marts that views read, through other views too."""
    views = {view.address for view in list_views()}
    for name in names:
        reads = find_view(name).reads
        yield from (own for own in reads if own not in views)
        yield from read_views(own for own in reads if own in views)


def qualify_condition(text: str, catalogue: str = VAULT) -> str:
    """A declared condition, its tables being those of the lake itself, attached as `catalogue`."""
    tree = parse_tree(f"SELECT {text}")
    for node in walk_tree(tree):
        if node.get("type") == "BASE_TABLE" and node["schema_name"]:
            node["catalog_name"] = catalogue
    return write_tree(tree).removeprefix("SELECT ")
