"""What an extraction of a database is: its manifest, and how its rows and keys are read. `sources/oltp.py` writes them.

Words used here:
*extraction*: a manifest, which is the raw object that the ledger knows and is written last, and the Parquet files that
it names, under `raw-parts/`. Files without a manifest are left over from a crash and mean nothing.
*rows*: what a table says; in a *snapshot* all of it, in an *increment* only the rows whose version is not among those
of the extraction that it builds on. *keys*: what identifies every row that exists, with its version; what is missing
there was deleted.
"""

from dataclasses import dataclass
from datetime import datetime

from lake.store import Store
from sources.postgres import ROW_VERSION, name_sql
from sources.postgres_session import text_sql


@dataclass(frozen=True)
class Extract:
    """One table of an extraction. `rows` and `keys` are keys of Parquet objects. Where `row_count` is 0, the rows' file
    is there for its columns only and may be an earlier extraction's.

    A table without a primary key has no `primary_key`: neither history nor deletions can be told, its rows are always
    a snapshot. `raw_line` of a row is its place in the rows' file, from 1.
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
        found = [t for t in self.tables if name in (t.name, t.address)]
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


def read_extraction(store: Store, key: str, table: str) -> tuple[Extraction, str, str]:
    """One table of an extraction: the manifest, and queries for DuckDB: the table's rows with the trace columns
    raw_object and raw_line, and its keys. Raises LookupError."""
    extraction = read_manifest(store, key)
    extract = extraction.find_table(table)
    columns = ", ".join(map(name_sql, extract.primary_key)) or "*"
    trace = (
        f"* EXCLUDE (file_row_number, {ROW_VERSION}), {text_sql(key)} AS raw_object, file_row_number + 1 AS raw_line"
    )
    file = f"read_parquet({text_sql(store.address(extract.rows))}, file_row_number = true)"
    rows = f"SELECT {trace} FROM {file}" + ("" if extract.row_count else " LIMIT 0")
    return extraction, rows, f"SELECT {columns} FROM {spell_parquet(store.address(extract.keys))}"


def spell_parquet(address: str) -> str:
    return f"read_parquet({text_sql(address)})"
