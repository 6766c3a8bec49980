"""Databases of applications (PostgreSQL), extracted into raw objects: all tables as they were at one moment. What such
an extraction is, and the words for it, are in `sources/postgres/extractions.py`.

Comparing versions (PostgreSQL's xmin) with the list of the last extraction, instead of trusting `updated_at` alone,
misses nothing: not the row that a long transaction commits with an old time, nor one that was changed by hand (ADR 9).
`updated_at` narrows down what has to be read. An increment may build on any earlier extraction; it must be one whose
rows reached the tables. What changes values and no versions, such as the renaming of an enum's label, has another shape
of the table for a sign: then all of it is read.
"""

import io
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from uuid import uuid4

from duckdb import DuckDBPyConnection

from watershed.declarations.table import Table
from watershed.errors import InvalidInput
from watershed.lake.store import Store
from watershed.sources.postgres.agreements import find_wanted
from watershed.sources.postgres.catalog import find_odd, list_tables
from watershed.sources.postgres.extraction_order import Taken, continues, explain_return
from watershed.sources.postgres.extractions import Extract, Extraction, parquet_sql, read_manifest
from watershed.sources.postgres.session import name_table, open_snapshot, source_sql, text_sql
from watershed.sources.postgres.table import (
    ROW_VERSION,
    SourceTable,
    keys_sql,
    name_sql,
    rows_sql,
    value_sql,
)


def extract(
    con: DuckDBPyConnection,
    url: str,
    store: Store,
    source: str,
    since: str | None = None,
    tables: Sequence[Table] | None = None,
    last: Taken | None = None,
) -> str | None:
    """Extract all tables of a database, or those of contracts, at one moment. Returns the manifest's key.

    `since`: the manifest of an earlier extraction to build on; then None is returned, and nothing landed, if nothing
    has changed. `last`: the extraction that was taken last, whatever became of it. Where the database has not gone on
    from both of them, all of it is taken. `con` must be able to write to the bucket. Raises NoAnswer when the
    database is away, NotFound or InvalidInput with one sentence when it cannot be read.
    """
    earlier = read_manifest(store, since) if since else None
    with open_snapshot(con, url) as moment:
        found = find_all(con) if tables is None else find_wanted(con, tables)
        manifest = Extraction(source, builds_on=since, tables=(), **moment)
        if not all(continues(manifest, one) for one in (earlier, last and last.extraction) if one):
            manifest, earlier = replace(manifest, builds_on=None), None
        parts = [TableExtract(con, store, source, table, find_earlier(earlier, table)) for table in found]
        changed = [part.compare() for part in parts]
        if earlier and not any(changed) and len(found) == len(earlier.tables):
            return None
        extracts = tuple(part.write() for part in parts)
    return land_manifest(store, replace(manifest, tables=extracts), last)


def land_manifest(store: Store, manifest: Extraction, last: Taken | None) -> str:
    """Write it with its place in the order of extractions. Returns its key."""
    about = replace(
        manifest,
        number=last.number + 1 if last else 1,
        landed_at=datetime.now(UTC).replace(tzinfo=None),
        returned=explain_return(last.extraction, manifest) if last else None,
    )
    content = io.BytesIO(json.dumps(asdict(about), default=str, indent=1).encode())
    return store.put_once(about.source, content, f"{about.source} {about.cut_at.isoformat()}.json").key


def find_all(con: DuckDBPyConnection) -> list[SourceTable]:
    """Every table of the open snapshot, by its primary key. Raises InvalidInput when one may not be read."""
    found = list_tables(con)
    if hidden := [t.address for t in found if not t.is_readable]:
        raise InvalidInput(f"the user may not read {', '.join(hidden)}: GRANT SELECT ON {', '.join(hidden)} to it")
    return [find_odd(con, table) for table in found]


def find_earlier(earlier: Extraction | None, table: SourceTable) -> Extract | None:
    """What an increment of a table can build on: nothing, if the table had other columns or another key then, or may
    have other values in rows of the same version."""
    listed = earlier.tables if earlier else ()
    same = [t for t in listed if t.address == table.address and t.primary_key == table.key]
    return next((t for t in same if t.columns == list_columns(table) and t.shape == find_shape(table)), None)


def list_columns(table: SourceTable) -> tuple[tuple[str, str], ...]:
    return tuple((c.name, c.type) for c in table.columns)


def find_shape(table: SourceTable) -> str:
    """The table's shape, and how its key is read, which decides whether lists of keys can be compared."""
    return ", ".join([table.shape, *(value_sql(c) for c in table.columns if c.name in table.key)])


# A table where nothing is new is asked for the rows of a far future, as is one where what is new is of a farther one.
# Where a time before Christ is among what is new, all rows are read.
OLDEST = """
    CASE WHEN count(*) = 0 THEN TIMESTAMP '9999-01-01'
         WHEN min(_changed_at) > TIMESTAMP '1000-01-01' THEN least(min(_changed_at), TIMESTAMP '9999-01-01') END
"""


class TableExtract:
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
        known = parquet_sql(self.store.address(self.earlier.keys))
        with name_table(self.table.address):
            self.con.execute(f"CREATE TEMP TABLE {self.present} AS FROM {source_sql(keys_sql(self.table))}")
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
        rows, count = self.write_file(f"FROM {source_sql(rows_sql(self.table))}", "rows")
        return self.describe(rows, count, rows, count, is_snapshot=True)

    def write_increment(self) -> tuple[str, int]:
        """The changed rows, found among those that say to be as young as the oldest of them."""
        oldest = self.con.execute(f"SELECT {OLDEST} FROM {self.changed}").fetchone() or (None,)
        rows = source_sql(rows_sql(self.table, oldest[0]))
        key = ", ".join(map(name_sql, self.table.key_columns))
        return self.write_file(f"FROM {rows} SEMI JOIN {self.changed} USING ({key})", "rows")

    def write_file(self, query: str, what: str) -> tuple[str, int]:
        name = re.sub(r"[^A-Za-z0-9_]", "_", self.table.name)  # an address may hold no wildcard
        key = f"raw-parts/{self.source}/{uuid4().hex}-{name}-{what}.parquet"
        file = text_sql(self.store.address(key))
        with name_table(self.table.address):
            copied = self.con.execute(f"COPY ({query}) TO {file} (FORMAT parquet)").fetchone()
        return key, int(copied[0]) if copied else 0

    def describe(self, rows: str, row_count: int, keys: str, key_count: int, is_snapshot: bool = False) -> Extract:
        own, read = self.table, (rows, row_count, keys, key_count)
        return Extract(own.schema, own.name, is_snapshot, own.key, list_columns(own), *read, find_shape(own))


def count_rows(con: DuckDBPyConnection, relation: str) -> int:
    counted = con.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return int(counted[0]) if counted else 0
