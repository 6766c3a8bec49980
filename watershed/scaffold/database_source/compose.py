"""The files of all tables of a database that have none yet: a contract and rules each, named beside what there is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from watershed.declarations import load_tables
from watershed.declarations.table import Table
from watershed.scaffold.database_source.catalog import Catalog
from watershed.scaffold.database_source.columns import NamedTable, name_columns
from watershed.scaffold.database_source.names import name_tables
from watershed.scaffold.database_source.texts import contract_source, rules_source
from watershed.sources.postgres.table import SourceTable
from watershed.warehouse.schema.marts import list_marts
from watershed.warehouse.schema.views import list_views


@dataclass(frozen=True)
class Draft:
    """`files`: text by path inside the repository. `known`: how many tables of the database have contracts already."""

    files: dict[str, str]
    tables: tuple[NamedTable, ...]
    known: int


def compose_tables(source: str, catalog: Catalog, repository: Path) -> Draft:
    declared = match_contracts(source, catalog)
    fresh = replace(catalog, tables=tuple(t for t in catalog.tables if t.address not in declared))
    names = name_tables(source, fresh.tables, list_taken(repository))
    columns = [c for table in load_tables().values() for c in table.all_columns]
    kinds, personal = {c.name: c.type for c in columns}, [c.name for c in columns if c.personal]
    drafted = sorted(name_columns(source, fresh, names, kinds, personal), key=lambda table: table.name)
    homes = [t.name for t in load_tables().values() if source in [s.name for s in t.home_of]]
    home = next(iter([*homes, *(table.name for table in drafted)]), "")
    referable = declared | {table.source.address: table for table in drafted}
    return Draft(dict(compose_files(source, drafted, home, referable, fresh)), tuple(drafted), len(declared))


def compose_files(
    source: str, drafted: list[NamedTable], home: str, referable: Mapping[str, NamedTable], catalog: Catalog
) -> Iterator[tuple[str, str]]:
    for table in drafted:
        yield f"contracts/{table.name}.py", contract_source(source, table, home)
        yield f"expectations/{table.name}.py", rules_source(table, referable, catalog.foreign_keys)


def match_contracts(source: str, catalog: Catalog) -> dict[str, NamedTable]:
    """The tables of the database that have contracts of this source, by address."""
    own = [t for t in load_tables().values() if source in [s.name for s in t.sources]]
    pairs = [(table, contract) for contract in own for table in catalog.tables if is_origin(contract, table)]
    return {table.address: NamedTable(table, contract.name, contract.columns) for table, contract in pairs}


def is_origin(contract: Table, table: SourceTable) -> bool:
    if origin := contract.origin:
        return (origin.schema, origin.table) == (table.schema, table.name)
    return contract.name == table.name


def list_taken(repository: Path) -> set[str]:
    """Names that are a table, a mart or a view already, or that a module has."""
    rooms = ("contracts", "expectations", "transforms")
    modules = {path.stem for room in rooms for path in (repository / room).iterdir()}
    queries = [*(mart.address for mart in list_marts()), *(view.address for view in list_views())]
    return modules | {address.rpartition(".")[2] for address in queries} | set(load_tables())
