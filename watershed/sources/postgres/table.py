"""A table of a PostgreSQL database, and the queries that read it without losing a value."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

ROW_VERSION = "_row_version"  # PostgreSQL's xmin: the transaction that wrote this version of the row
OWN_NAMES = {ROW_VERSION, "_row_place", "_changed_at", "file_row_number", "filename", "file_index"}
EXACT_ELEMENTS = {"smallint", "integer", "bigint", "real", "double precision", "boolean", "text", "uuid", "date"}
BEYOND = "294247-01-01"  # from which on times have a place in PostgreSQL and none in DuckDB
DECIMAL = re.compile(r"numeric\((\d+),(\d+)\)")


@dataclass(frozen=True)
class SourceColumn:
    """`type` as PostgreSQL spells it, domains resolved. `is_odd`: in some row an array of arrays, or NaN. `has_bytes`:
    in some row text that is not UTF-8, as a database of the encoding SQL_ASCII may have."""

    name: str
    type: str
    is_nullable: bool = True
    description: str = ""
    is_odd: bool = False
    has_bytes: bool = False


@dataclass(frozen=True)
class SourceTable:
    """`key`: the columns that tell rows apart, those of the primary key, if it has one, unless a contract says others.

    `uniques`: the columns of every unique index over all rows. `changed_at`: the column that says when a row was last
    changed, if there is one. `heirs`: the tables that inherit from it, whose rows are read with its own if `has_heirs`.
    `shape`: a digest of what may change the values of rows without a new version of any.
    A partitioned table includes its partitions.
    """

    schema: str
    name: str
    columns: tuple[SourceColumn, ...]
    key: tuple[str, ...]
    is_partitioned: bool
    is_readable: bool
    is_guarded: bool = False
    description: str = ""
    uniques: tuple[tuple[str, ...], ...] = ()
    changed_at: str | None = None
    heirs: tuple[str, ...] = ()
    has_heirs: bool = False
    shape: str = ""

    @property
    def address(self) -> str:
        return table_address(self.schema, self.name)

    @property
    def key_columns(self) -> tuple[str, ...]:
        """What tells rows apart in files: the key, else the place of the row in the table."""
        names = name_in_files([c.name for c in self.columns])
        return tuple(names[column] for column in self.key) or ("_row_place",)

    @property
    def origin(self) -> str:
        only = "" if self.is_partitioned or self.has_heirs else "ONLY "
        return f"{only}{name_sql(self.schema)}.{name_sql(self.name)}"

    def find_column(self, name: str) -> SourceColumn | None:
        return next((c for c in self.columns if c.name == name), None)


def table_address(schema: str, name: str) -> str:
    """`public.photos`. A name with a dot is in quotes, so that no two tables have one address."""
    return ".".join(name_sql(part) if "." in part else part for part in (schema, name))


def name_in_files(columns: Iterable[str]) -> dict[str, str]:
    """What columns are called in Parquet files: as at the source, but for names of ours, and for those that differ in
    capitals only, which DuckDB takes for one."""
    names: dict[str, str] = {}
    taken = set(OWN_NAMES)
    for column in columns:
        name = column
        while name.lower() in taken:
            name += "_"
        taken.add(name.lower())
        names[column] = name
    return names


def rows_sql(table: SourceTable, since: datetime | None = None) -> str:
    """The query for a table's rows; where one of its columns says when they were changed, those from `since` on and
    those without."""
    names = name_in_files([c.name for c in table.columns])
    columns = [f"{value_sql(c)} AS {name_sql(names[c.name])}" for c in table.columns]
    columns += [] if table.key else ["ctid::text AS _row_place"]
    query = f"SELECT {', '.join(columns)}, xmin::text AS {ROW_VERSION} FROM {table.origin}"
    changed_at = table.find_column(table.changed_at or "")
    if since is None or changed_at is None:
        return query
    moment = f"{since.isoformat()}+00" if "with time zone" in changed_at.type else since.isoformat()
    return f"{query} WHERE {name_sql(changed_at.name)} >= '{moment}' OR {name_sql(changed_at.name)} IS NULL"


def keys_sql(table: SourceTable) -> str:
    """The query for what identifies every row, its version, and when it says that it was changed."""
    values = {c.name: value_sql(c) for c in table.columns}
    places = zip(table.key or ("",), table.key_columns, strict=True)
    columns = [f"{values.get(column, 'ctid::text')} AS {name_sql(name)}" for column, name in places]
    changed_at = values[table.changed_at] if table.changed_at else "NULL::timestamp"
    return f"SELECT {', '.join(columns)}, xmin::text AS {ROW_VERSION}, {changed_at} AS _changed_at FROM {table.origin}"


def value_sql(column: SourceColumn) -> str:
    """How a column is read: as it is where DuckDB has its type, else as PostgreSQL's own text, as is a numeric that is
    NaN in some row; times with a zone are UTC; money is a number's text. A time that DuckDB would take for one before
    Christ is infinity, which no table takes. Where some text is not UTF-8, all of the column is read as bytes."""
    name, kind = name_sql(column.name), column.type
    if column.has_bytes:
        return f"pg_catalog.convert_to({name}::pg_catalog.text, 'SQL_ASCII')"
    if found := DECIMAL.fullmatch(kind):
        is_exact = int(found[2]) <= int(found[1]) <= 38
        return f"nullif({name}, 'NaN')::{kind}" if is_exact and not column.is_odd else f"{name}::text"
    if kind.startswith("timestamp") and not kind.endswith("]"):
        moment = f"{name} AT TIME ZONE 'UTC'" if kind.endswith("with time zone") else name
        return f"CASE WHEN {moment} >= '{BEYOND}' THEN 'infinity' ELSE {moment} END"
    if kind.removesuffix("[]") == "money":  # how it is written, its digits too, is up to the database's lc_monetary
        return f"{name}::{kind.replace('money', 'numeric')}::text"
    is_exact_array = kind.removesuffix("[]") in EXACT_ELEMENTS and not column.is_odd
    is_text = kind.startswith(("numeric", "interval")) or kind.endswith("with time zone")
    return f"{name}::text" if is_text or (kind.endswith("]") and not is_exact_array) else name


def name_sql(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
