"""What an extraction of a database is: its manifest, and how its rows and keys are read. `sources/oltp.py` writes them.

Words used here:
*extraction*: a manifest, which is the raw object that the ledger knows and is written last, and the Parquet files that
it names, under `raw-parts/`. Files without a manifest are left over from a crash and mean nothing.
*rows*: what a table says; in a *snapshot* all of it, in an *increment* only the rows whose version is not among those
of the extraction that it builds on. *keys*: what identifies every row that exists, with its version; what is missing
there was deleted.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watershed.declarations.table import Column, Table
from watershed.errors import InvalidInput, NotFound
from watershed.lake.store import Store
from watershed.sources.postgres.session import text_sql
from watershed.sources.postgres.table import name_in_files, name_sql, table_address


@dataclass(frozen=True)
class Extract:
    """One table of an extraction. `rows` and `keys` are keys of Parquet objects. Where `row_count` is 0, the rows' file
    is there for its columns only and may be an earlier extraction's.

    `primary_key`: the columns that tell rows apart, the key of its contract if it has one. Without them neither
    history nor deletions can be told, and rows are always a snapshot. `raw_line` of a row is its place in the rows'
    file, from 1. `shape`: the table's, and how its key is read; older manifests have none, and nothing builds on them.
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
    shape: str = ""

    @property
    def address(self) -> str:
        return table_address(self.schema, self.name)


@dataclass(frozen=True)
class Extraction:
    """A manifest: the moment (UTC, and PostgreSQL's own names for it), the extraction it builds on, and the tables.

    `number`: one more than that of the extraction taken before it. `system` and `timeline`: which PostgreSQL server it
    was, and which branch of its history. `landed_at`: what time it was here (UTC). `returned`: a sentence where
    something of the database was earlier than the extraction before it has seen. Older manifests have none of these.
    """

    source: str
    cut_at: datetime
    lsn: str
    snapshot: str
    builds_on: str | None
    tables: tuple[Extract, ...]
    number: int = 0
    system: str = ""
    timeline: int = 0
    landed_at: datetime | None = None
    returned: str | None = None

    @property
    def log_place(self) -> int:
        """How far PostgreSQL's write-ahead log was, in bytes."""
        segment, _, offset = self.lsn.partition("/")
        return (int(segment, 16) << 32) + int(offset, 16)

    def find_table(self, name: str) -> Extract:
        """The table called `photos` or `public.photos`. Raises NotFound."""
        return self.find_only(name, [t for t in self.tables if name in (t.name, t.address)])

    def find_origin(self, table: Table) -> Extract:
        """The table that a contract is about. Raises NotFound."""
        own = table.origin
        return self.find_only(table_address(own.schema, own.table) if own else table.name, self.list_origins(table))

    def seek_origin(self, table: Table) -> Extract | None:
        """The same, None where the extraction has no such table, since it is older than the contract."""
        return self.find_origin(table) if self.list_origins(table) else None

    def list_origins(self, table: Table) -> list[Extract]:
        if (own := table.origin) is None:
            return [t for t in self.tables if table.name in (t.name, t.address)]
        return [t for t in self.tables if (t.schema, t.name) == (own.schema, own.table)]

    def find_only(self, name: str, found: Sequence[Extract]) -> Extract:
        if len(found) != 1:
            several = "several tables" if found else "no table"
            raise NotFound(f"the extraction of {self.source} at {self.cut_at} has {several} called {name!r}")
        return found[0]


def read_manifest(store: Store, key: str) -> Extraction:
    """Raises NotFound when there is no such manifest, InvalidInput when the object is not one."""
    content = store.read_bytes(key)
    try:
        return parse_manifest(json.loads(content))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidInput(f"{key} is not the manifest of an extraction: find out who put it there") from None


def parse_manifest(about: dict[str, Any]) -> Extraction:
    listed = [
        t | {"primary_key": tuple(t["primary_key"]), "columns": tuple(map(tuple, t["columns"]))}
        for t in about["tables"]
    ]
    moments = {name: datetime.fromisoformat(about[name]) for name in ("cut_at", "landed_at") if about.get(name)}
    return Extraction(**about | moments | {"tables": tuple(Extract(**t) for t in listed)})


def read_manifests(store: Store, keys: Iterable[str]) -> tuple[dict[str, Extraction], dict[str, str]]:
    """Those that can be read, and why the others cannot, by key."""
    found, unreadable = {}, {}
    for key in keys:
        try:
            found[key] = read_manifest(store, key)
        except (LookupError, ValueError) as error:
            unreadable[key] = str(error)
    return found, unreadable


def read_extraction(store: Store, key: str, table: Table) -> tuple[Extraction, str, str]:
    """One table of an extraction: the manifest, and queries for DuckDB, both with the contract's names: the rows, as
    far as the extraction has the contract's columns, with raw_object and raw_line; and the keys. Raises NotFound."""
    extraction = read_manifest(store, key)
    extract = extraction.find_origin(table)
    if unlisted := find_unlisted(extract, table):
        raise NotFound(
            f"the extraction of {extraction.source} at {extraction.cut_at} does not list {extract.address} by "
            f"{', '.join(unlisted)}, the key of contracts/{table.name}.py: extract it anew, or mend the key"
        )
    rows = extract_sql(store, key, extract, table.columns)
    keys = columns_sql(extract, [c for c in table.columns if c.name in table.key])
    return extraction, rows, f"SELECT {keys} FROM {parquet_sql(store.address(extract.keys))}"


def find_unlisted(extract: Extract, table: Table) -> list[str]:
    """Columns of the contract's key that the list of keys does not have, as when it was made for another key."""
    listed = list_keys(extract)
    return [c.name for c in table.columns if c.name in table.key and c.find_origin(listed) is None]


def list_keys(extract: Extract) -> tuple[str, ...]:
    """The columns in the file of keys, which of a snapshot is that of the rows."""
    return tuple(name for name, _ in extract.columns) if extract.is_snapshot else extract.primary_key


def extract_sql(store: Store, key: str, extract: Extract, columns: Sequence[Column]) -> str:
    """A query for the extracted rows, in these columns as far as they are there, with the trace."""
    trace = f"{text_sql(key)} AS raw_object, file_row_number + 1 AS raw_line"
    file = f"read_parquet({text_sql(store.address(extract.rows))}, file_row_number = true)"
    limit = "" if extract.row_count else " LIMIT 0"
    return f"SELECT {', '.join(filter(None, [columns_sql(extract, columns), trace]))} FROM {file}{limit}"


def columns_sql(extract: Extract, columns: Sequence[Column]) -> str:
    names = name_in_files([name for name, _ in extract.columns])
    there = [(c.name, found) for c in columns if (found := c.find_origin(names)) is not None]
    return ", ".join(f"{name_sql(names[found])} AS {name_sql(name)}" for name, found in there)


def parquet_sql(address: str) -> str:
    return f"read_parquet({text_sql(address)})"
