"""Who sees what: every role, what it sees of personal columns and of rows, and who has it; from the declarations."""

from collections.abc import Sequence
from dataclasses import dataclass

from watershed.declarations import list_tables
from watershed.declarations.roles import Role, choose_role, find_least_role, find_role, list_roles
from watershed.serving.access_tokens import read_people
from watershed.serving.role_rows import find_closed, find_rule
from watershed.warehouse.masks import describe_mask
from watershed.warehouse.schema.marts import Mart, list_marts
from watershed.warehouse.schema.views import View, list_views


@dataclass(frozen=True)
class Person:
    """A user of Airflow, with the names of their roles there."""

    name: str
    held: tuple[str, ...]


@dataclass(frozen=True)
class Sight:
    """A personal column, and by role what is seen in place of its values: empty where those are seen themselves."""

    address: str
    column: str
    masks: tuple[str, ...]


@dataclass(frozen=True)
class Limit:
    """A relation of which a role sees some rows, those for which `rule` holds, or none, for the reason `closed`."""

    address: str
    rule: str
    closed: str


@dataclass(frozen=True)
class Holder:
    """Somebody who has a role: as a user of Airflow, by a token of `watershed serve`."""

    name: str
    how: str


def list_people() -> Sequence[Person]:
    """Users of Airflow. The plugin puts Airflow's answer in the place of this."""
    return ()


def list_sights() -> list[Sight]:
    """Every personal column of a table, mart or view, in order."""
    found = []
    for table in list_tables():
        found += [(table.address, c.name, str(c.type)) for c in table.all_columns if c.personal]
    queries: list[Mart | View] = [*list_marts(), *list_views()]
    for query in queries:
        found += [(query.address, c.name, "") for c in query.columns if c.personal]
    return [
        Sight(address, name, tuple(describe_sight(role, address, name, kind) for role in list_roles()))
        for address, name, kind in sorted(found)
    ]


def describe_sight(role: Role, address: str, name: str, kind: str) -> str:
    is_view = any(view.address == address for view in list_views())
    if role.sees(address, name):
        return ""
    return "as its tables" if is_view else describe_mask(name, kind)


def list_limits(role: Role) -> list[Limit]:
    addresses = [table.address for table in list_tables()] + [mart.address for mart in list_marts()]
    addresses += [f"quarantine.{table.name}" for table in list_tables() if not table.is_made]
    found = (Limit(one, find_rule(role, one) or "", find_closed(role, one) or "") for one in sorted(set(addresses)))
    return [limit for limit in found if limit.rule or limit.closed]


def list_holders(role: Role, people: Sequence[Person]) -> list[Holder]:
    """Who has a role, as far as this home and Airflow tell."""
    users = [Holder(p.name, f"{', '.join(p.held)} in Airflow") for p in people if choose_role(p.held) == role]
    tokens = [
        Holder(name, "a token of watershed serve")
        for name, person in read_people().items()
        if find_role(person.get("role", find_least_role().name)) == role
    ]
    return sorted(users + tokens, key=lambda holder: (holder.name, holder.how))
