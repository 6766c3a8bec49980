"""Roles: who sees which personal values and which rows. Everything that shows data to somebody goes by these.

A project declares its roles in contracts/roles.py and nowhere else: pages, SQL, exports, `watershed serve` and
`watershed sql --role` find one by its name. Which columns are personal the contracts and the headers of SQL files say.
The first role sees least, and is that of whoever has no other; of several that fit a person the last one counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from watershed.errors import NotFound
from watershed.project import load_module
from watershed.settings import read_setting

EVERYTHING = "*"


@dataclass(frozen=True)
class Role:
    """`personal`: whose values it sees as they are: `*`, addresses such as `core.users`, or columns such as
    `core.users.email`; all others are masked (warehouse/masks.py).

    `rows`: by address a SQL condition on the table's columns; of such a table it sees those rows only. A subquery names
    tables by address, and sees all their rows. What is computed from such a table beforehand, as a mart is, it does not
    see at all, unless there is a condition for that too. `airflow`: roles of Airflow whose users have this one, besides
    a role of Airflow that is called as this one.
    """

    name: str
    description: str
    personal: frozenset[str] = frozenset()
    rows: Mapping[str, str] = field(default_factory=dict, hash=False)
    airflow: tuple[str, ...] = ()

    def sees(self, address: str, column: str) -> bool:
        """Whether the personal values of a column are shown as they are; in the speed layer as in `core`."""
        twin = f"core.{address.removeprefix('speed.')}" if address.startswith("speed.") else address
        named = (f"{one}{part}" for one in (address, twin) for part in ("", f".{column}"))
        return EVERYTHING in self.personal or not self.personal.isdisjoint(named)

    @property
    def is_unrestricted(self) -> bool:
        return EVERYTHING in self.personal and not self.rows


NOBODY = Role("nobody", "Sees no personal value: what is recorded, or shown to whoever may be there, is shown to it.")


def list_roles() -> tuple[Role, ...]:
    """The roles of the project, `ROLES` in its contracts/roles.py: the first sees least, the last one most."""
    return tuple(load_module("contracts.roles").ROLES)


def find_least_role() -> Role:
    """That of whoever has no other."""
    return list_roles()[0]


def find_role(name: str) -> Role:
    """The role of this name. Raises NotFound with those there are."""
    if (found := next((role for role in list_roles() if role.name == name), None)) is None:
        raise NotFound(f"there is no role {name!r}; the roles are {', '.join(role.name for role in list_roles())}")
    return found


def read_own_role() -> Role:
    """That of whoever types commands here, `WATERSHED_ROLE`: unless told otherwise the one that sees most, since who
    can read this home's settings has all keys anyway. Raises NotFound."""
    return find_role(read_setting("role", list_roles()[-1].name))


def choose_role(names: Iterable[str]) -> Role:
    """The role of somebody who has these roles in Airflow."""
    held = set(names)
    fitting = [role for role in list_roles() if role.name in held or held.intersection(role.airflow)]
    return fitting[-1] if fitting else find_least_role()
