"""What tables a PostgreSQL database has, and the queries that read them without losing a value."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from duckdb import DuckDBPyConnection

from sources.postgres_session import query_source

ROW_VERSION = "_row_version"  # PostgreSQL's xmin: the transaction that wrote this version of the row
CHANGED_AT = "updated_at"
EXACT_ELEMENTS = {"smallint", "integer", "bigint", "real", "double precision", "boolean", "text", "uuid", "date"}
DECIMAL = re.compile(r"numeric\((\d+),(\d+)\)")


@dataclass(frozen=True)
class SourceColumn:
    """`type` as PostgreSQL spells it, domains resolved. `is_ragged`: in some row an array of arrays."""

    name: str
    type: str
    is_ragged: bool = False


@dataclass(frozen=True)
class SourceTable:
    """`key`: the columns of its primary key, if it has one. A partitioned table includes its partitions."""

    schema: str
    name: str
    columns: tuple[SourceColumn, ...]
    key: tuple[str, ...]
    is_partitioned: bool
    is_readable: bool

    @property
    def address(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def has_changed_at(self) -> bool:
        found = {c.name: c.type for c in self.columns}
        return found.get(CHANGED_AT, "").startswith("timestamp")

    @property
    def key_columns(self) -> tuple[str, ...]:
        """What tells rows apart: the primary key, else the place of the row in the table."""
        return self.key or ("_row_place",)

    @property
    def origin(self) -> str:
        only = "" if self.is_partitioned else "ONLY "
        return f"{only}{name_sql(self.schema)}.{name_sql(self.name)}"


def list_tables(con: DuckDBPyConnection, wanted: Sequence[str] | None = None) -> list[SourceTable]:
    """The ordinary and partitioned tables of the open snapshot, or those named in `wanted` (`photos` or
    `public.photos`). Raises LookupError when one is missing, ValueError when one may not be read."""
    tables: dict[tuple[str, str], list[Any]] = {}
    for row in query_source(con, COLUMNS).fetchall():
        tables.setdefault(row[:2], []).append(row)
    found = [build_table(rows) for rows in tables.values()]
    if wanted is not None:
        found = [t for t in found if t.name in wanted or t.address in wanted]
        if missing := sorted(set(wanted) - {t.name for t in found} - {t.address for t in found}):
            raise LookupError(f"the database has no table {', '.join(missing)}: create it, or mend the contract's name")
    if hidden := [t.address for t in found if not t.is_readable]:
        raise ValueError(f"the user may not read {', '.join(hidden)}: GRANT SELECT ON {', '.join(hidden)} to it")
    return [find_ragged(con, table) for table in found]


def build_table(rows: list[Any]) -> SourceTable:
    schema, name, is_partitioned, is_readable = rows[0][:4]
    keyed = sorted((position, column) for *_, column, _, position in rows if position)
    columns = tuple(SourceColumn(column, kind) for *_, column, kind, _ in rows)
    return SourceTable(schema, name, columns, tuple(c for _, c in keyed), is_partitioned, is_readable)


COLUMNS = """
    WITH RECURSIVE kinds AS (
        SELECT oid AS kind, oid AS base, -1 AS modifier FROM pg_type WHERE typtype <> 'd'
        UNION ALL
        SELECT d.oid, k.base, CASE WHEN d.typtypmod <> -1 THEN d.typtypmod ELSE k.modifier END
        FROM pg_type d JOIN kinds k ON d.typbasetype = k.kind WHERE d.typtype = 'd'
    )
    SELECT n.nspname::text AS schema_name, c.relname::text AS table_name, c.relkind = 'p' AS is_partitioned,
           has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS is_readable,
           a.attname::text AS column_name,
           format_type(k.base, CASE WHEN a.atttypmod <> -1 THEN a.atttypmod ELSE k.modifier END) AS column_type,
           array_position(i.indkey::int2[], a.attnum) + 1 AS key_position
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN kinds k ON k.kind = a.atttypid
    LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    ORDER BY schema_name, table_name, a.attnum
"""


def find_ragged(con: DuckDBPyConnection, table: SourceTable) -> SourceTable:
    """PostgreSQL lets an array column hold arrays of arrays in some rows, which no Parquet list can: look."""
    arrays = [c.name for c in table.columns if c.type.removesuffix("[]") in EXACT_ELEMENTS and c.type.endswith("[]")]
    if not arrays:
        return table
    looks = ", ".join(f"coalesce(bool_or(array_ndims({name_sql(a)}) > 1), false) AS c{n}" for n, a in enumerate(arrays))
    answers = query_source(con, f"SELECT {looks} FROM {table.origin}").fetchone() or ()
    ragged = {name for name, is_ragged in zip(arrays, answers, strict=True) if is_ragged}
    columns = tuple(SourceColumn(c.name, c.type, c.name in ragged) for c in table.columns)
    return SourceTable(table.schema, table.name, columns, table.key, table.is_partitioned, table.is_readable)


def spell_rows(table: SourceTable, since: datetime | None = None) -> str:
    """The query for a table's rows; where they have an `updated_at`, those from `since` on and those without."""
    columns = ", ".join(f"{spell_value(c)} AS {name_sql(c.name)}" for c in table.columns)
    place = "" if table.key else ", ctid::text AS _row_place"
    query = f"SELECT {columns}{place}, xmin::text AS {ROW_VERSION} FROM {table.origin}"
    if since is None or not table.has_changed_at:
        return query
    kind = next(c.type for c in table.columns if c.name == CHANGED_AT)
    moment = f"{since.isoformat()}+00" if "with time zone" in kind else since.isoformat()
    return f"{query} WHERE {CHANGED_AT} >= '{moment}' OR {CHANGED_AT} IS NULL"


def spell_keys(table: SourceTable) -> str:
    """The query for what identifies every row, its version, and when it says that it was changed."""
    values = {c.name: spell_value(c) for c in table.columns}
    columns = [f"{values.get(k, 'ctid::text')} AS {name_sql(k)}" for k in table.key_columns]
    changed_at = values[CHANGED_AT] if table.has_changed_at else "NULL::timestamp"
    return f"SELECT {', '.join(columns)}, xmin::text AS {ROW_VERSION}, {changed_at} AS _changed_at FROM {table.origin}"


def spell_value(column: SourceColumn) -> str:
    """How a column is read: as it is where DuckDB has its type, else as PostgreSQL's own text. NaN of a numeric, for
    which a Parquet decimal has no place, is null; times with a zone are UTC."""
    name, kind = name_sql(column.name), column.type
    if found := DECIMAL.fullmatch(kind):
        is_exact = int(found[2]) <= int(found[1]) <= 38
        return f"nullif({name}, 'NaN')::{kind}" if is_exact else f"{name}::text"
    if kind.startswith("timestamp") and kind.endswith("with time zone"):
        return f"({name} AT TIME ZONE 'UTC')"
    if kind.removesuffix("[]") == "money":  # how it is written, its digits too, is up to the database's lc_monetary
        return f"{name}::{kind.replace('money', 'numeric')}::text"
    is_exact_array = kind.removesuffix("[]") in EXACT_ELEMENTS and not column.is_ragged
    is_text = kind.startswith(("numeric", "interval")) or kind.endswith("with time zone")
    return f"{name}::text" if is_text or (kind.endswith("]") and not is_exact_array) else name


def name_sql(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
