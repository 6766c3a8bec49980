"""Columns of contracts for those of a database: names that keep the house's rules, one type a name, guesses."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from watershed.declarations.table import HISTORY, Column
from watershed.scaffold.database_source.catalog import Catalog
from watershed.scaffold.database_source.kinds import find_kind, merge_kinds, merge_two
from watershed.scaffold.database_source.names import list_reserved, make_singular, make_snake, prefix_name
from watershed.sources.postgres.table import SourceColumn, SourceTable

OURS = frozenset(column.name for column in HISTORY) | {"problem"}  # why a row does not fit, while it is staged
MOMENT_ENDS = re.compile(r"(^|_)(date|time|datetime|date_time|timestamp|ts|on|at)$")
CHANGED = re.compile(r"(last_|date_)?(updated?|modified|modification|changed?|edited)(_utc)?_at")
UNITS = {"_bytes": "bytes", "_ms": "ms"}
PEOPLE = re.compile(
    r"customer|client|employee|staff|user|person|people|member|patient|student|teacher|contact|author|account|actor"
    r"|owner|guest|passenger|driver|player|subscriber|borrower|citizen|voter|profile|artist|lead|buyer|seller|owner"
)
PERSONAL = re.compile(
    r"e_?mail|phone|mobile|fax|address|street|birth|dob$|ssn|passport|password|passwd|pwd|salary|iban|bic$|(^|_)ip(_|$)"
    r"|(first|last|middle|full|given|family|maiden|nick|sur|user|contact|ship|login)_?name|surname|forename|username"
    r"|postal|postcode|zip|latitude|longitude|signature|gender|religion|nationality|credit_?card|card_number"
)
PERSONAL_OF_PEOPLE = re.compile(r"(^|_)(name|photo|picture|image|notes?|title|city|region|birthday|born)(_|$)")
Known = dict[str, pa.DataType]


@dataclass(frozen=True)
class NamedTable:
    """A table of the database, its name in the lake, and its columns as the contract has them."""

    source: SourceTable
    name: str
    columns: tuple[Column, ...]

    def find_names(self, columns: Iterable[str]) -> tuple[str, ...]:
        """The contract's names of columns of the database."""
        names = {column.origin_name: column.name for column in self.columns}
        return tuple(names[column] for column in columns)

    @property
    def changed_at(self) -> str | None:
        """The column whose name says that it tells changes."""
        stamps = (c.name for c in self.columns if pa.types.is_timestamp(c.type))
        return next((name for name in stamps if CHANGED.fullmatch(name)), None)


def name_columns(
    source: str, catalog: Catalog, names: Mapping[str, str], known: Known, personal: Iterable[str]
) -> list[NamedTable]:
    """The tables with columns for their contracts. `names`: of the tables, by address. `known`: types of the columns
    that other contracts have, since a name has one type everywhere; `personal`: those among them that are personal."""
    drafts = [(table, list(draft_columns(table, catalog.kinds[table.address]))) for table in catalog.tables]
    known, marked = known | agree_kinds((c for _, columns in drafts for c in columns), known), set(personal)
    return [
        NamedTable(table, names[table.address], tuple(settle_names(source, table, columns, known, marked)))
        for table, columns in drafts
    ]


def draft_columns(table: SourceTable, kinds: Mapping[str, str]) -> Iterator[Column]:
    singular = name_record(table)
    for column in table.columns:
        kind = find_kind(kinds[column.name], column.type)
        name = fit_name(avoid_words(make_snake(column.name), singular), kind)
        name = prefix_name(name, singular) if name in OURS else name
        unit = next((unit for end, unit in UNITS.items() if name.endswith(end)), None)
        yield Column(name, kind, describe_column(table, column), column.is_nullable, unit, source_name=column.name)


def name_record(table: SourceTable) -> str:
    """What one row of a table is called, as the beginning of a name: `album` of `Albums`, `table_2fa` of `2fa`."""
    singular = make_singular(make_snake(table.name))
    return singular if singular[0].isalpha() else f"table_{singular}"


def describe_column(table: SourceTable, column: SourceColumn) -> str:
    return " ".join(column.description.split()) or f"`{column.name}` of {table.address}"


def avoid_words(name: str, singular: str) -> str:
    return name if name[0].isalpha() and name not in list_reserved() else prefix_name(name, singular)


def fit_name(name: str, kind: pa.DataType) -> str:
    """The name with the end, or the beginning, that promises its type, and without one that promises another."""
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if pa.types.is_timestamp(kind):
        return f"{MOMENT_ENDS.sub('', name) or name}_at"
    if pa.types.is_boolean(kind):
        return name if name.startswith(("is_", "has_")) else f"is_{name}"
    if name.startswith(("is_", "has_")):
        return f"{name.partition('_')[2]}_flag"
    if pa.types.is_date(kind):
        return f"{name[:-3]}_date" if name.endswith("_at") else name
    is_kept = not name.endswith(("_at", "_date")) and (is_number or not name.endswith(tuple(UNITS)))
    return name if is_kept else f"{name}_{'number' if is_number else 'text'}"


def agree_kinds(columns: Iterable[Column], known: Known) -> Known:
    """The type of every new name: the one that holds all columns of the name, else that of the first of them."""
    found: dict[str, list[pa.DataType]] = {}
    for column in columns:
        if column.name not in known:
            found.setdefault(column.name, []).append(column.type)
    return {name: merge_kinds(kinds) or kinds[0] for name, kinds in found.items()}


def settle_names(
    source: str, table: SourceTable, columns: Iterable[Column], known: Known, personal: set[str]
) -> Iterator[Column]:
    """The columns under names that no other column has with another type, which becomes known."""
    singular, taken = name_record(table), set[str]()
    for column in columns:
        wishes = [column.name, *(prefix_name(column.name, p) for p in (singular, source, f"{source}_{singular}"))]
        wishes += [prefix_name(column.name, f"{singular}{number}") for number in range(2, len(table.columns) + 2)]
        free = (wish for wish in wishes if wish not in taken and wish not in OURS)
        name = next(wish for wish in free if is_held(column.type, known.get(wish, column.type)))
        taken.add(name)
        kind = known.setdefault(name, column.type)
        is_personal = name in personal or guess_personal(name, singular, kind)
        own = column.source_name if column.source_name != name else None
        yield replace(column, name=name, type=kind, personal=is_personal, source_name=own)


def is_held(kind: pa.DataType, wanted: pa.DataType) -> bool:
    return merge_two(wanted, kind) == wanted


def guess_personal(name: str, table: str, kind: pa.DataType) -> bool:
    """Whether a column says something about a person, by the words in its name and in that of its table."""
    if pa.types.is_boolean(kind) or name.endswith("_id"):
        return False
    about_people = bool(PEOPLE.search(table)) and bool(PERSONAL_OF_PEOPLE.search(name))
    return about_people or bool(PERSONAL.search(name))
