"""What staging asks of every slice of a source, compiled once a process from the Ibis transforms to DuckDB's SQL.

The queries read `records`, the slice, and `claimed`: the few records in it that other tables than the home table claim.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache, lru_cache, reduce
from importlib import import_module
from operator import or_
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from watershed.declarations import tables_of
from watershed.declarations.table import Source, Stream, Table
from watershed.errors import InvalidInput, NotFound
from watershed.flows.ingest.check import find_references
from watershed.project import find_module, load_module
from watershed.quality.check import format_suspicion
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import utc_now
from watershed.warehouse.schema.evolution import Fields, LakeColumn, list_retired

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue


@dataclass(frozen=True)
class StagingPlan:
    """The SQL that a table runs over every slice, compiled once from its Ibis transform. `retired`: columns that the
    table has in the lake and no longer in its contract."""

    source: Source
    table: Table
    parse: str
    suspicion: str
    is_home: bool
    retired: tuple[LakeColumn, ...] = ()


@dataclass(frozen=True)
class Sorting:
    """The SQL that finds the few records that other tables than the home table claim, and that counts both."""

    claim: str
    read: str
    claimed: str | None


def compile_plan(source: Source, table: Table, existing: Mapping[str, Fields]) -> StagingPlan:
    """What a process asks again and again is compiled once: it takes longer than all the rest of a small run.
    `existing`: the columns of the lake's tables."""
    retired = tuple(list_retired(table.arrow_schema.names, existing.get(table.address, {})))
    parse = compile_rows(source, table, find_transform(source, table))
    return StagingPlan(
        source, table, parse, compile_suspicion(table, f"{utc_now():%F %H}"), source in table.home_of, retired
    )


@lru_cache(maxsize=256)
def compile_rows(source: Source, table: Table, transform: Callable[[Any], Any]) -> str:
    """Blank lines and comments are filtered, unreadable lines are the home table's to quarantine; the transform sees
    the rest."""
    import ibis

    is_home = source in table.home_of
    records = open_records(source, "records" if is_home else "claimed")
    claims = claim_records(source, records)
    mine = is_text(source, records) & ~claim_any(claims) if is_home else claims[table.name]
    rows = make_rows(source, table, transform, complete_records(records.filter(mine)))
    return str(ibis.to_sql(rows, dialect="duckdb"))


@lru_cache(maxsize=256)
def compile_suspicion(table: Table, hour: str) -> str:
    """As of an `hour`: what ages in it is a hint for the layout of files and no judgement."""
    with closing(connect()) as con:
        return format_suspicion(con, table, f"(FROM {table.address} LIMIT 0)", utc_now(), find_references({}))


def make_rows(source: Source, table: Table, transform: Callable[[Any], Any], records: Any) -> Any:
    """What the transform makes. Raises InvalidInput where it cannot be compiled or forgets a column."""
    from ibis.common.exceptions import IbisError

    place = f"{transform.__name__} in transforms/{table.name}.py"
    try:
        rows = transform(records)
    except (IbisError, AttributeError, TypeError) as error:
        raise InvalidInput(
            f"{place} does not fit the records of {source.name}: {str(error).splitlines()[0]}"
        ) from error
    wanted = [*(column.name for column in table.all_columns), "problem", "line"]
    if missing := [name for name in wanted if name not in rows.columns]:
        raise InvalidInput(f"{place} makes no column {' and no '.join(missing)}, which {table.address} needs: add it")
    return rows


def find_transform(source: Source, table: Table) -> Callable[[Any], Any]:
    """The transform `from_<source>` of a table; of messages that are a source's records, that source's. Raises
    NotFound where there is none."""
    name = source.like.name if isinstance(source, Stream) and source.like else source.name
    if (found := find_function(table, f"from_{name}")) is None:
        raise NotFound(f"transforms/{table.name}.py has no function from_{name}, which {table.address} needs: add it")
    return found


def find_function(table: Table, name: str) -> Callable[[Any], Any] | None:
    """A function of the table's transform, which may have none of that name, or not be there at all."""
    return getattr(find_module(f"transforms.{table.name}"), name, None)


def complete_records(records: Any) -> Any:
    """Records of files have no event id, and the tables that streams feed too have a column for it; messages have no
    `#Fields:` above them."""
    import ibis

    missing = [name for name in ("event_id", "fields") if name not in records.columns]
    return records.mutate(**{name: ibis.null("string") for name in missing}) if missing else records


@cache
def compile_sorting(source: Source) -> Sorting:
    """Counts by raw object, asked apart from any transform, so that the books show what a transform loses."""
    import ibis

    records, claimed = open_records(source, "records"), open_records(source, "claimed")
    read = records.group_by("raw_object").agg(
        read=records.count(),
        unread=records.count(where=records.problem.notnull()),
        blank=records.count(where=records.problem.isnull() & says_nothing(source, records)),
    )
    claims = {name: claimed.count(where=claim) for name, claim in claim_records(source, claimed).items()}
    others = is_text(source, records) & claim_any(claim_records(source, records))
    return Sorting(
        claim=str(ibis.to_sql(records.filter(others), "duckdb")),
        read=str(ibis.to_sql(read, "duckdb")),
        claimed=str(ibis.to_sql(claimed.group_by("raw_object").agg(**claims), "duckdb")) if claims else None,
    )


def open_records(source: Source, name: str) -> Any:
    import ibis

    schema = import_module(f"watershed.sources.{source.kind}").SCHEMA
    return ibis.table(ibis.Schema.from_pyarrow(decode_dictionaries(schema)), name=name)


def is_text(source: Source, records: Any) -> Any:
    return records.problem.isnull() & ~says_nothing(source, records)


def says_nothing(source: Source, records: Any) -> Any:
    """Blank lines, and where the home table's transform knows comments, those."""
    homes = (find_function(table, "is_comment") for table in tables_of(source) if source in table.home_of)
    is_comment = next(homes, None)
    return is_blank(records) | is_comment(records) if is_comment else is_blank(records)


def is_blank(records: Any) -> Any:
    import ibis

    return ibis.ifelse(records.line >= "!", False, records.line.strip() == "")  # a CASE: `and` would strip every line


def claim_records(source: Source, records: Any) -> "dict[str, BooleanValue]":
    """Which records are a table's, by its name; the home table has those that no other table claims."""
    others = [t.name for t in tables_of(source) if source not in t.home_of]
    return {name: load_module(f"transforms.{name}").claims(records) for name in others}


def claim_any(claims: "dict[str, BooleanValue]") -> Any:
    import ibis

    return reduce(or_, claims.values(), ibis.literal(False))


def decode_dictionaries(schema: pa.Schema) -> pa.Schema:
    """A dictionary is how Arrow holds a column, not what is in it."""
    return pa.schema([(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in schema])
