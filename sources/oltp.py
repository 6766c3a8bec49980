"""Databases of applications (PostgreSQL), extracted into raw objects: all tables as they were at one moment.

Words used here:
*extraction*: a manifest, which is the raw object that the ledger knows and is written last, and the Parquet files that
it names, under `raw-parts/`. Files without a manifest are left over from a crash and mean nothing.
*rows*: what a table says; in a *snapshot* all of it, in an *increment* only the rows whose version is not among those
of the extraction that it builds on. *keys*: what identifies every row that exists, with its version; what is missing
there was deleted.

Comparing versions (PostgreSQL's xmin) with the list of the last extraction, instead of trusting `updated_at` alone,
misses nothing: not the row that a long transaction commits with an old time, nor one that was changed by hand (ADR 9).
`updated_at` narrows down what has to be read. An increment may build on any earlier extraction; it must be one whose
rows reached the tables.
"""

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import uuid4

from duckdb import DuckDBPyConnection

from lake.store import Store
from sources.postgres import (
    ROW_VERSION,
    SourceTable,
    list_tables,
    name_sql,
    spell_keys,
    spell_rows,
)
from sources.postgres_session import open_snapshot, spell_source, text_sql


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


def extract(
    con: DuckDBPyConnection,
    url: str,
    store: Store,
    source: str,
    since: str | None = None,
    tables: Sequence[str] | None = None,
) -> str | None:
    """Extract all tables of a database, or those named, at one moment. Returns the manifest's key.

    `since`: the manifest of an earlier extraction to build on; then None is returned, and nothing landed, if nothing
    has changed. `con` must be able to write to the bucket. Raises ConnectionError when the database is away,
    LookupError or ValueError with one sentence when it cannot be read.
    """
    earlier = read_manifest(store, since) if since else None
    with open_snapshot(con, url) as moment:
        found = list_tables(con, tables)
        parts = [Part(con, store, source, table, find_earlier(earlier, table)) for table in found]
        changed = [part.compare() for part in parts]
        if earlier and not any(changed) and len(found) == len(earlier.tables):
            return None
        extracts = tuple(part.write() for part in parts)
    manifest = Extraction(source, builds_on=since, tables=extracts, **moment)
    content = io.BytesIO(json.dumps(asdict(manifest), default=str, indent=1).encode())
    return store.put_once(source, content, f"{source} {moment['cut_at'].isoformat()}.json").key


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


def find_earlier(earlier: Extraction | None, table: SourceTable) -> Extract | None:
    """What an increment of a table can build on: nothing, if the table had other columns or another key then."""
    listed = earlier.tables if earlier else ()
    same = [t for t in listed if t.address == table.address and t.primary_key == table.key]
    return next((t for t in same if t.columns == list_columns(table)), None)


def list_columns(table: SourceTable) -> tuple[tuple[str, str], ...]:
    return tuple((c.name, c.type) for c in table.columns)


# A table where nothing is new is asked for the rows of a far future; infinities and times before Christ for all rows.
OLDEST = """
    CASE WHEN count(*) = 0 THEN TIMESTAMP '9999-01-01'
         WHEN min(_changed_at) > TIMESTAMP '1000-01-01' THEN min(_changed_at) END
"""


class Part:
    """One table on its way into an extraction."""

    def __init__(
        self, con: DuckDBPyConnection, store: Store, source: str, table: SourceTable, earlier: Extract | None
    ) -> None:
        self.con, self.store, self.source, self.table, self.earlier = con, store, source, table, earlier
        self.is_changed = True
        self.present, self.changed = f"present_{uuid4().hex}", f"changed_{uuid4().hex}"

    def compare(self) -> bool:
        """Whether any row was added, changed or deleted since the earlier extraction; all keys are read for that."""
        if self.earlier is None:
            return True
        key = ", ".join(map(name_sql, self.table.key_columns))
        known = spell_parquet(self.store.address(self.earlier.keys))
        self.con.execute(f"CREATE TEMP TABLE {self.present} AS FROM {spell_source(spell_keys(self.table))}")
        self.con.execute(
            f"CREATE TEMP TABLE {self.changed} AS FROM {self.present} ANTI JOIN {known} k USING ({key}, {ROW_VERSION})"
        )
        count = count_rows(self.con, self.present)
        kept = count - count_rows(self.con, self.changed)
        self.is_changed = count != kept or kept != self.earlier.key_count
        return self.is_changed

    def write(self) -> Extract:
        if self.earlier is None or (self.is_changed and not self.table.key):
            return self.write_snapshot()
        if not self.is_changed:
            return self.describe(self.earlier.rows, 0, self.earlier.keys, self.earlier.key_count)
        keys, key_count = self.write_file(f"FROM {self.present}", "keys")
        rows, row_count = self.write_increment()
        return self.describe(rows, row_count, keys, key_count)

    def write_snapshot(self) -> Extract:
        """All rows; their file serves as the list of keys, too."""
        rows, count = self.write_file(f"FROM {spell_source(spell_rows(self.table))}", "rows")
        return self.describe(rows, count, rows, count, is_snapshot=True)

    def write_increment(self) -> tuple[str, int]:
        """The changed rows, found among those that say to be as young as the oldest of them."""
        oldest = self.con.execute(f"SELECT {OLDEST} FROM {self.changed}").fetchone() or (None,)
        rows = spell_source(spell_rows(self.table, oldest[0]))
        key = ", ".join(map(name_sql, self.table.key_columns))
        return self.write_file(f"FROM {rows} SEMI JOIN {self.changed} USING ({key})", "rows")

    def write_file(self, query: str, what: str) -> tuple[str, int]:
        key = f"raw-parts/{self.source}/{uuid4().hex}-{self.table.name}-{what}.parquet"
        copied = self.con.execute(f"COPY ({query}) TO {text_sql(self.store.address(key))} (FORMAT parquet)").fetchone()
        return key, int(copied[0]) if copied else 0

    def describe(self, rows: str, row_count: int, keys: str, key_count: int, is_snapshot: bool = False) -> Extract:
        own = self.table
        return Extract(own.schema, own.name, is_snapshot, own.key, list_columns(own), rows, row_count, keys, key_count)


def count_rows(con: DuckDBPyConnection, relation: str) -> int:
    counted = con.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return int(counted[0]) if counted else 0


def spell_parquet(address: str) -> str:
    return f"read_parquet({text_sql(address)})"
