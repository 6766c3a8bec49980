"""What is declared: tables and marts as one kind of thing, for pages that show both."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from watershed.declarations import list_tables
from watershed.declarations.registry import DRIFTS, MODELS
from watershed.declarations.table import Table
from watershed.declarations.tags import carries
from watershed.errors import NotFound
from watershed.models.model import list_models
from watershed.warehouse.schema.marts import Mart, list_marts


@dataclass(frozen=True)
class DeclaredColumn:
    """A column as its declaration describes it. Types are the catalogue's."""

    description: str
    unit: str | None = None
    is_personal: bool = False
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Declared:
    """A table or mart. `promise`: within how long what arrives is published; None for a mart, which follows its inputs.

    `day` is the column that puts a row into a day; `is_history`: its days are those on which something changed.
    """

    address: str
    description: str
    owner: str
    grain: str
    key: tuple[str, ...]
    day: str | None
    columns: dict[str, DeclaredColumn]
    sources: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    lookups: tuple[str, ...] = ()
    promise: timedelta | None = None
    sql: str | None = None
    is_cumulative: bool = False
    has_quarantine: bool = False
    is_live: bool = False
    is_history: bool = False
    tags: tuple[str, ...] = ()

    @property
    def schema(self) -> str:
        return self.address.partition(".")[0]

    @property
    def name(self) -> str:
        return self.address.partition(".")[2]

    def carries(self, tag: str) -> bool:
        """Whether it, or one of its columns, has the tag."""
        return carries(tag, self.tags, (column.tags for column in self.columns.values()))

    @property
    def is_mart(self) -> bool:
        return self.sql is not None

    @property
    def dag_ids(self) -> tuple[str, ...]:
        """The DAGs that make it."""
        if self.is_mart:
            return ("build_marts",)
        if self.address == MODELS:
            return tuple(model.train_dag for model in list_models())
        if self.schema == "ml":
            makes = {m.predict_dag: {DRIFTS, *(table.address for table in m.tables)} for m in list_models()}
            return tuple(dag_id for dag_id, made in makes.items() if self.address in made)
        return tuple(f"ingest_{source}" for source in self.sources)


def list_declared() -> dict[str, Declared]:
    """Everything by its address, in order."""
    found = [*map(describe_table, list_tables()), *map(describe_mart, list_marts())]
    return {one.address: one for one in sorted(found, key=lambda one: one.address)}


def find_declared(address: str) -> Declared:
    """Raises NotFound with what to do."""
    if (found := list_declared().get(address)) is None:
        raise NotFound(f"There is no table {address!r}: the page Tables lists those there are")
    return found


def describe_table(table: Table) -> Declared:
    return Declared(
        address=table.address,
        description=table.description,
        owner=table.owner,
        grain=table.grain,
        key=table.key,
        day=table.day,
        columns={c.name: DeclaredColumn(c.description, c.unit, c.personal, c.tags) for c in table.all_columns},
        sources=tuple(source.name for source in table.sources),
        promise=table.freshness,
        has_quarantine=not table.is_made,
        is_live=table.is_live and not table.is_made,
        is_history=table.replaces == "key",
        tags=table.tags,
    )


def describe_mart(mart: Mart) -> Declared:
    return Declared(
        address=mart.address,
        description=mart.description,
        owner=mart.owner,
        grain=mart.grain,
        key=mart.key,
        day=mart.day,
        columns={
            c.name: DeclaredColumn(c.description, read_unit(c.description), c.personal, c.tags) for c in mart.columns
        },
        inputs=mart.inputs,
        lookups=mart.lookups,
        sql=mart.sql,
        is_cumulative=mart.is_cumulative,
        tags=mart.tags,
    )


def read_unit(description: str) -> str | None:
    """The unit that a mart's column names in brackets: `Running time [minutes]`."""
    _, bracket, rest = description.partition("[")
    return rest.partition("]")[0] if bracket else None


def list_readers(address: str) -> Iterator[Declared]:
    """The marts that read a table."""
    return (one for one in list_declared().values() if address in (*one.inputs, *one.lookups))
