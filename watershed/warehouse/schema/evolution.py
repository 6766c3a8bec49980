"""How a table of the lake follows its contract: what is planned first, without touching anything, and then done.

Words used here, for columns:
*add*: it is new in the contract; rows of before have no value.
*widen*: its type holds all values of the type before (declarations/column_types.py).
*rename*: the contract says which name it had (`renamed_from`).
*free*: nulls are allowed from now on. The other way round nothing is altered: a rule keeps nulls out of new rows, and
those of before stay until they are rebuilt.
*retire*: it is no longer in the contract; its values stay, new rows have none.

Whatever else a contract may come to say would change or lose values: that is refused, and blocks this table alone.

Some widenings DuckLake does in place. Others it would do, too, but then answers wrongly: it compares what is asked for
as a value of the type that a file was written in, so that 5.4 is found where an integer 5 was, and leaves out files by
bounds that were written as texts. Such a table is *copied*: its rows, in the new types, are a new table of the name.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from watershed.declarations.column_types import is_in_place, is_widening, type_sql
from watershed.declarations.table import Column
from watershed.errors import InvalidInput
from watershed.warehouse.connection import quote


class ContractBroken(InvalidInput):
    """A table of the lake and its contract contradict each other: the message says what to do."""


@dataclass(frozen=True)
class LakeColumn:
    """A column as the lake has it, or shall have it. `type`: as DuckDB spells it; `default`: the value, as text, that
    rows have which are older than the column."""

    name: str
    type: str
    is_nullable: bool = True
    renamed_from: tuple[str, ...] = ()
    comment: str = ""
    default: str | None = None

    @property
    def definition(self) -> str:
        return f"{name_column(self.name)} {self.type}" + ("" if self.is_nullable else " NOT NULL")


Fields = dict[str, LakeColumn]


@dataclass
class ColumnPlan:
    """What makes a table's columns those wanted. `told`: what people are told, a phrase each; none where nothing is to
    be done. `actions`: what follows ALTER TABLE. `kept`: the columns as they will be, and what each is until then."""

    told: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    kept: list[tuple[LakeColumn, LakeColumn | None]] = field(default_factory=list)
    is_copied: bool = False

    def note(self, told: str, action: str = "") -> None:
        self.told.append(told)
        self.actions += [action] * bool(action)

    @property
    def selection(self) -> str:
        """The columns as they will be, selected from the table as it is."""
        return ", ".join(select_column(new, old) for new, old in self.kept)


def describe_columns(address: str, columns: Iterable[Column]) -> Fields:
    """What columns of a contract are in the lake, by name. Raises ContractBroken for a type that it cannot have."""
    return {column.name: describe_column(address, column) for column in columns}


def describe_column(address: str, column: Column) -> LakeColumn:
    try:
        kind = type_sql(column.type)
    except TypeError as error:
        raise ContractBroken(f"{address}.{column.name}: {error}") from None
    comment = column.description + (f" [{column.unit}]" if column.unit else "")
    default = None if column.default is None else str(column.default)
    return LakeColumn(column.name, kind, column.nullable, column.renamed_from, comment, default)


def plan_table(address: str, wanted: Fields, found: Fields) -> ColumnPlan:
    """Raises ContractBroken where the lake cannot follow."""
    plan = ColumnPlan()
    origins = find_origins(wanted, found)
    for name, old in origins.items():
        if old and old != name:
            plan.note(f"{old} is now {name}", f"RENAME COLUMN {name_column(old)} TO {name_column(name)}")
    for name, old in origins.items():
        before = found[old] if old else None
        plan.kept.append((adapt_column(address, wanted[name], before, plan), before))
    for name in [n for n in found if n not in origins.values()]:
        plan.kept.append((retire_column(found[name], plan), found[name]))
    return plan


def find_origins(wanted: Fields, found: Fields) -> dict[str, str | None]:
    """By name the column's name in the lake; None where it has none yet."""
    missing = (one for one in wanted.values() if one.name not in found)
    renamed = {one.name: next((n for n in one.renamed_from if n in found), None) for one in missing}
    return {name: renamed.get(name, None if name in renamed.values() else name) for name in wanted}


def adapt_column(address: str, wanted: LakeColumn, found: LakeColumn | None, plan: ColumnPlan) -> LakeColumn:
    """The column as it will be; what has to be done for it is added to the plan."""
    name = name_column(wanted.name)
    if found is None:
        default = "" if wanted.default is None else f" DEFAULT {quote(wanted.default)}"
        plan.note(f"{wanted.name} is added", f"ADD COLUMN {name} {wanted.type}{default}")
        return LakeColumn(wanted.name, wanted.type, comment=wanted.comment, default=wanted.default)
    if found.type != wanted.type:
        if not is_widening(found.type, wanted.type):
            raise ContractBroken(explain_refusal(address, wanted, found))
        plan.note(f"{wanted.name} is widened from {found.type} to {wanted.type}")
        plan.actions.append(f"ALTER COLUMN {name} SET DATA TYPE {wanted.type}")
        plan.is_copied |= not is_in_place(found.type, wanted.type)
    if wanted.is_nullable and not found.is_nullable:
        plan.note(f"{wanted.name} may be missing", f"ALTER COLUMN {name} DROP NOT NULL")
    return LakeColumn(wanted.name, wanted.type, wanted.is_nullable or found.is_nullable, comment=wanted.comment)


def explain_refusal(address: str, wanted: LakeColumn, found: LakeColumn) -> str:
    return (
        f"{address}.{wanted.name} is {found.type} in the lake and {wanted.type} in its contract, which does not hold "
        "every value of before: give the column another name, or drop the table with "
        f'`watershed tables drop {address} --reason "..."` and rebuild it from raw'
    )


def retire_column(found: LakeColumn, plan: ColumnPlan) -> LakeColumn:
    if not found.is_nullable:
        plan.note(f"{found.name} is retired", f"ALTER COLUMN {name_column(found.name)} DROP NOT NULL")
    return LakeColumn(found.name, found.type, comment=found.comment)


def select_column(new: LakeColumn, old: LakeColumn | None) -> str:
    missing = "NULL" if new.default is None else quote(new.default)
    value = missing if old is None else name_column(old.name)
    return f"CAST({value} AS {new.type}) AS {name_column(new.name)}"


def list_retired(wanted: Iterable[str], found: Fields) -> Iterator[LakeColumn]:
    """The columns that the lake has and a contract has not."""
    return (one for name, one in found.items() if name not in set(wanted))


def name_column(name: str) -> str:
    quoted = name.replace('"', '""')
    return f'"{quoted}"'
