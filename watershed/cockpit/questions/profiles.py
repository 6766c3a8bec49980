"""What is in the columns of a table: nulls, distinct values, least and greatest, frequent ones, and how they spread.

It is asked as an analyst asks, in a process that ends with its time limit, in two scans at most; and kept until the
table changes. Of a personal column only counts are told, unless the role sees its values.
"""

import json
from dataclasses import dataclass
from functools import lru_cache

from watershed.cockpit.declared import find_declared
from watershed.cockpit.questions.catalogue import list_columns, read_sizes
from watershed.cockpit.questions.cells import Row, ask
from watershed.declarations.roles import Role
from watershed.warehouse.connection import quote
from watershed.warehouse.schema.evolution import name_column
from watershed.warehouse.schema.personal import list_personal

BARS = 12
FREQUENT = 5
LONGEST = 60  # characters of a value
ENDS = ("min", "max")
NUMBERS = ("int", "uint", "float", "double", "decimal")  # as the catalogue calls them
TIMES = ("date", "timestamp")
NESTED = ("struct", "list", "map", "blob", "variant", "json")


@dataclass(frozen=True)
class ProfiledColumn:
    """A column by its place in the table, and what can be asked of it."""

    place: int
    name: str
    kind: str
    is_personal: bool

    @property
    def sql(self) -> str:
        return name_column(self.name)

    @property
    def text(self) -> str:
        return f"left({self.sql}::VARCHAR, {LONGEST})"

    @property
    def is_nested(self) -> bool:
        return self.kind.startswith(NESTED)

    @property
    def is_shown(self) -> bool:
        return not self.is_nested and not self.is_personal

    @property
    def width(self) -> str:
        """A number by which its values are apart from each other; empty where they have none."""
        if self.kind.startswith(NUMBERS):
            return f"{self.sql}::DOUBLE"
        return f"epoch({self.sql})" if self.kind.startswith(TIMES) else ""


@dataclass(frozen=True)
class Profile:
    """Of one column. Shares are 0 to 1; `distinct` is approximate. `bars`: rows by stretches of equal width from the
    least to the greatest; empty where values have no width. Values are texts, and None where they are masked."""

    name: str
    kind: str
    nulls: float
    distinct: int | None
    least: str | None
    greatest: str | None
    frequent: list[tuple[str, float]]
    bars: list[int]
    is_masked: bool


@dataclass(frozen=True)
class Profiles:
    """Of all columns, over `rows` rows; or a sentence why there are none."""

    rows: int
    columns: list[Profile]
    error: str = ""


def profile_table(user: str, role: Role, address: str) -> Profiles:
    """Raises NotFound for an unknown table."""
    find_declared(address)
    size = read_sizes().get(address)
    if size is None or not size.rows:
        return Profiles(0, [], f"{address} has no rows yet")
    return keep_profiles(user, role, address, size.rows, size.changed_at)


@lru_cache(maxsize=256)
def keep_profiles(user: str, role: Role, address: str, rows: int, changed_at: object) -> Profiles:
    """Rows and time tell one content from the next; what one user may see, another may not."""
    columns = {column["name"]: column["type"].lower() for column in list_columns(address)}
    hidden = {name for name in list_personal(address, columns) if not role.sees(address, name)}
    asked = [ProfiledColumn(n, name, kind, name in hidden) for n, (name, kind) in enumerate(columns.items())]
    found = ask(user, role, f"SELECT count(*) AS row_count, {measures_sql(asked)} FROM {address}", 1)
    if found.error:
        return Profiles(0, [], found.error)
    told = found.rows[0]
    if spreads := spreads_sql(asked, told):
        again = ask(user, role, f"SELECT {spreads} FROM {address}", 1)
        told |= again.rows[0] if again.rows else {}
    return Profiles(int(told["row_count"]), [make_profile(one, told) for one in asked])


def measures_sql(asked: list[ProfiledColumn]) -> str:
    """The figures of all columns, named by their places."""
    parts = []
    for one in asked:
        parts.append(f"count({one.sql}) AS filled_{one.place}")
        if not one.is_nested:
            parts.append(f"approx_count_distinct({one.sql}) AS distinct_{one.place}")
        if not one.is_shown:
            continue
        parts += [f"left({end}({one.sql})::VARCHAR, {LONGEST}) AS {end}_{one.place}" for end in ("min", "max")]
        parts.append(f"to_json(approx_top_k({one.text}, {FREQUENT}))::VARCHAR AS top_{one.place}")
        if one.width:
            parts += [f"{end}({one.width}) FILTER (isfinite({one.width})) AS {end}_width_{one.place}" for end in ENDS]
    return ", ".join(parts)


def spreads_sql(asked: list[ProfiledColumn], told: Row) -> str:
    """How often the frequent values are there, and how many rows each stretch has."""
    parts = []
    for one in (one for one in asked if one.is_shown):
        for rank, value in enumerate(read_frequent(one, told)):
            parts.append(f"count(*) FILTER ({one.text} = {quote(value)}) AS times_{one.place}_{rank}")
        widths = [told.get(f"{end}_width_{one.place}") for end in ENDS]
        least, most = (float(width) if width is not None else 0.0 for width in widths)  # they come as texts
        if least < most:
            bar = f"least(floor(({one.width} - {least!r}) / {(most - least) / BARS!r}), {BARS - 1})::INTEGER"
            parts.append(f"to_json(histogram({bar}) FILTER (isfinite({one.width})))::VARCHAR AS bars_{one.place}")
    return ", ".join(parts)


def read_frequent(one: ProfiledColumn, told: Row) -> list[str]:
    try:
        return [value for value in json.loads(told.get(f"top_{one.place}") or "[]") if value is not None]
    except ValueError:  # cut: the values are of very many bytes
        return []


def make_profile(one: ProfiledColumn, told: Row) -> Profile:
    rows, n = int(told["row_count"]) or 1, one.place
    times = [(value, int(told.get(f"times_{n}_{rank}") or 0)) for rank, value in enumerate(read_frequent(one, told))]
    bars = {int(bar): count for bar, count in json.loads(told.get(f"bars_{n}") or "{}").items()}
    return Profile(
        name=one.name,
        kind=one.kind,
        nulls=1 - int(told[f"filled_{n}"]) / rows,
        distinct=None if one.is_nested else int(told[f"distinct_{n}"]),
        least=told.get(f"min_{n}"),
        greatest=told.get(f"max_{n}"),
        frequent=sorted(((value, count / rows) for value, count in times if count), key=lambda found: -found[1]),
        bars=[bars.get(bar, 0) for bar in range(BARS)] if bars else [],
        is_masked=one.is_personal,
    )
