"""What an extraction of a database is: its manifest, and how its rows and keys are read. `sources/oltp.py` writes them.

Words used here:
*extraction*: a manifest, which is the raw object that the ledger knows and is written last, and the Parquet files that
it names, under `raw-parts/`. Files without a manifest are left over from a crash and mean nothing.
*rows*: what a table says; in a *snapshot* all of it, in an *increment* only the rows whose version is not among those
of the extraction that it builds on. *keys*: what identifies every row that exists, with its version; what is missing
there was deleted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.table import Column, Table
from lake.store import Store
from sources.postgres import name_in_files, name_sql
from sources.postgres_session import text_sql


@dataclass(frozen=True)
class Extract:
    """One table of an extraction. `rows` and `keys` are keys of Parquet objects. Where `row_count` is 0, the rows' file
    is there for its columns only and may be an earlier extraction's.

    `primary_key`: the columns that tell rows apart, the key of its contract if it has one. Without them neither
    history nor deletions can be told, and rows are always a snapshot. `raw_line` of a row is its place in the rows'
    file, from 1.
    """

    schema: str
    name: str
    is_snapshot: bool
    primary_key: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    rows: str
    row_count: int
    keys: str
    key_count: int

    @property
    def address(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Extraction:
    """A manifest: the moment (UTC, and PostgreSQL's own names for it), the extraction it builds on, and the tables."""

    source: str
    cut_at: datetime
    lsn: str
    snapshot: str
    builds_on: str | None
    tables: tuple[Extract, ...]

    def find_table(self, name: str) -> Extract:
        """The table called `photos` or `public.photos`. Raises LookupError."""
        return self.find_only(name, [t for t in self.tables if name in (t.name, t.address)])

    def find_origin(self, table: Table) -> Extract:
        """The table that a contract is about. Raises LookupError."""
        if (own := table.origin) is None:
            return self.find_table(table.name)
        named = [t for t in self.tables if (t.schema, t.name) == (own.schema, own.table)]
        return self.find_only(f"{own.schema}.{own.table}", named)

    def find_only(self, name: str, found: Sequence[Extract]) -> Extract:
        if len(found) != 1:
            several = "several tables" if found else "no table"
            raise LookupError(f"the extraction of {self.source} at {self.cut_at} has {several} called {name!r}")
        return found[0]


def read_manifest(store: Store, key: str) -> Extraction:
    """Raises LookupError when there is no such manifest."""
    about = store.read_json(key)
    listed = [
        t | {"primary_key": tuple(t["primary_key"]), "columns": tuple(map(tuple, t["columns"]))}
        for t in about["tables"]
    ]
    about |= {"cut_at": datetime.fromisoformat(about["cut_at"]), "tables": tuple(Extract(**t) for t in listed)}
    return Extraction(**about)


def read_extraction(store: Store, key: str, table: Table) -> tuple[Extraction, str, str]:
    """One table of an extraction: the manifest, and queries for DuckDB, both with the contract's names: the rows, as
    far as the extraction has the contract's columns, with raw_object and raw_line; and the keys. Raises LookupError."""
    extraction = read_manifest(store, key)
    extract = extraction.find_origin(table)
    wanted = {c.name: c for c in table.columns}
    if unlisted := [name for name in table.key if wanted[name].origin_name not in list_keys(extract)]:
        raise LookupError(
            f"the extraction of {extraction.source} at {extraction.cut_at} does not list {extract.address} by "
            f"{', '.join(unlisted)}, the key of contracts/{table.name}.py: extract it anew, or mend the key"
        )
    rows = spell_extract(store, key, extract, table.columns)
    keys = spell_columns(extract, [wanted[name] for name in table.key])
    return extraction, rows, f"SELECT {keys} FROM {spell_parquet(store.address(extract.keys))}"


def list_keys(extract: Extract) -> tuple[str, ...]:
    """The columns in the file of keys, which of a snapshot is that of the rows."""
    return tuple(name for name, _ in extract.columns) if extract.is_snapshot else extract.primary_key


def spell_extract(store: Store, key: str, extract: Extract, columns: Sequence[Column]) -> str:
    """A query for the extracted rows, in these columns as far as they are there, with the trace."""
    trace = f"{text_sql(key)} AS raw_object, file_row_number + 1 AS raw_line"
    file = f"read_parquet({text_sql(store.address(extract.rows))}, file_row_number = true)"
    limit = "" if extract.row_count else " LIMIT 0"
    return f"SELECT {', '.join(filter(None, [spell_columns(extract, columns), trace]))} FROM {file}{limit}"


def spell_columns(extract: Extract, columns: Sequence[Column]) -> str:
    names = name_in_files([name for name, _ in extract.columns])
    there = [c for c in columns if c.origin_name in names]
    return ", ".join(f"{name_sql(names[c.origin_name])} AS {name_sql(c.name)}" for c in there)


def spell_parquet(address: str) -> str:
    return f"read_parquet({text_sql(address)})"
