"""What tables a PostgreSQL database has: their columns, their keys, and whether they may be read."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from duckdb import DuckDBPyConnection

from watershed.sources.postgres.session import query_source
from watershed.sources.postgres.table import DECIMAL, EXACT_ELEMENTS, SourceColumn, SourceTable, name_sql

CHANGED_AT = "updated_at"  # what tells changes where no contract says so
NOT_TABLES = {"v": "view", "m": "materialised view", "f": "foreign table"}


@dataclass(frozen=True)
class ForeignKey:
    """`columns` of the table at `address`, such as `public.photos`, are `keys` of the table `to`."""

    address: str
    columns: tuple[str, ...]
    to: str
    keys: tuple[str, ...]


def list_tables(con: DuckDBPyConnection) -> list[SourceTable]:
    """The ordinary and partitioned tables of the open snapshot, in order of schema and name."""
    tables: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in fetch_records(con, TABLES):
        tables.setdefault((row["schema_name"], row["table_name"]), []).append(row)
    return [build_table(rows) for rows in tables.values()]


def list_others(con: DuckDBPyConnection) -> dict[str, str]:
    """What has rows and is not a table, because nothing tells the versions of its rows: kind by address."""
    return {row["address"]: NOT_TABLES[row["kind"]] for row in fetch_records(con, OTHERS)}


def list_foreign_keys(con: DuckDBPyConnection) -> list[ForeignKey]:
    found = fetch_records(con, FOREIGN_KEYS)
    return [ForeignKey(r["address"], tuple(r["columns"]), r["referred"], tuple(r["keys"])) for r in found]


def fetch_records(con: DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    answer = query_source(con, query)
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def build_table(rows: Sequence[dict[str, Any]]) -> SourceTable:
    about = rows[0]
    columns = tuple(
        SourceColumn(r["column_name"], r["column_type"], r["is_nullable"], r["column_description"]) for r in rows
    )
    stamps = {c.name for c in columns if c.type.startswith("timestamp")}
    return SourceTable(
        schema=about["schema_name"],
        name=about["table_name"],
        columns=columns,
        key=tuple(about["key"]),
        is_partitioned=about["is_partitioned"],
        is_readable=about["is_readable"],
        is_guarded=about["is_guarded"],
        description=about["table_description"],
        uniques=tuple(map(tuple, json.loads(about["uniques"] or "[]"))),
        changed_at=CHANGED_AT if CHANGED_AT in stamps else None,
        heirs=tuple(about["heirs"]),
        shape=digest_shape(rows),
    )


def digest_shape(rows: Sequence[dict[str, Any]]) -> str:
    """A digest of what changes the values of rows, and no row's version: a column that was dropped and added again, a
    label of an enum that was renamed, another table under the name."""
    parts = [(row["table_oid"], row["place"], row["made_kinds"]) for row in rows]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def find_odd(con: DuckDBPyConnection, table: SourceTable) -> SourceTable:
    """PostgreSQL lets an array column hold arrays of arrays in some rows, which no Parquet list can, and a numeric NaN,
    which no Parquet decimal can; and where it knows no encoding, text that is not UTF-8, which none can: look."""
    odd = find_true(con, table, {c.name: look_sql(c) for c in table.columns})
    columns = [replace(c, is_odd=c.name in odd) for c in table.columns]
    if query_source(con, ENCODING).fetchone() == ("SQL_ASCII",):
        foreign = find_true(con, table, {c.name: foreign_bytes_sql(c) for c in columns})
        columns = [replace(c, has_bytes=c.name in foreign) for c in columns]
    return replace(table, columns=tuple(columns))


def find_true(con: DuckDBPyConnection, table: SourceTable, looks: dict[str, str | None]) -> set[str]:
    """Those of the conditions that are true of some row, by their names."""
    asked = {name: look for name, look in looks.items() if look}
    if not asked:
        return set()
    columns = ", ".join(f"coalesce(bool_or({look}), false) AS c{n}" for n, look in enumerate(asked.values()))
    answers = query_source(con, f"SELECT {columns} FROM {table.origin}").fetchone() or ()
    return {name for name, is_true in zip(asked, answers, strict=True) if is_true}


def look_sql(column: SourceColumn) -> str | None:
    """What is true of a value that a Parquet column of its type cannot hold; None where there is no such value."""
    name = name_sql(column.name)
    if column.type.endswith("[]") and column.type.removesuffix("[]") in EXACT_ELEMENTS:
        return f"array_ndims({name}) > 1"
    return f"{name} = 'NaN'" if DECIMAL.fullmatch(column.type) else None


def foreign_bytes_sql(column: SourceColumn) -> str | None:
    """What is true of a value whose text is not UTF-8; None where a value of the type is ASCII always."""
    kind = column.type.removesuffix("[]")
    if kind in EXACT_ELEMENTS - {"text"} or kind.startswith(ASCII_ALWAYS):
        return None
    return f"{name_sql(column.name)}::pg_catalog.text !~ '{UTF8}'"


def address_sql(schema: str, name: str) -> str:
    """What `table_address` makes of two expressions."""
    parts = (f"CASE WHEN {part} ~ '[.]' THEN quote_ident({part}) ELSE {part}::text END" for part in (schema, name))
    return " || '.' || ".join(parts)


ENCODING = "SELECT pg_catalog.current_setting('server_encoding')"
ASCII_ALWAYS = ("numeric", "timestamp", "time ", "interval", "money", "bytea", "bit", "oid")
# Well-formed byte sequences, table 3-7 of the Unicode standard: a regular expression is asked of bytes there.
UTF8 = (
    r"^(?:[\x01-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    r"|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}"
    r"|\xf4[\x80-\x8f][\x80-\xbf]{2})*$"
)
# Without extensions' tables, which are theirs to fill, such as PostGIS's list of coordinate systems.
OWN = """
    n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND c.relpersistence <> 't'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.objid = c.oid AND e.deptype = 'e')
"""
TABLES = f"""
    WITH RECURSIVE kinds AS (
        SELECT oid AS kind, oid AS base, -1 AS modifier FROM pg_catalog.pg_type WHERE typtype <> 'd'
        UNION ALL
        SELECT d.oid, k.base, CASE WHEN d.typtypmod <> -1 THEN d.typtypmod ELSE k.modifier END
        FROM pg_catalog.pg_type d JOIN kinds k ON d.typbasetype = k.kind WHERE d.typtype = 'd'
    ), made AS (
        SELECT md5(concat(
            (SELECT string_agg(format('%s %s', enumtypid, enumlabel), ',' ORDER BY oid) FROM pg_catalog.pg_enum),
            (SELECT string_agg(format('%s %s %s', f.attrelid, f.attnum, f.atttypid), ',' ORDER BY f.attrelid, f.attnum)
             FROM pg_catalog.pg_class r JOIN pg_catalog.pg_attribute f ON f.attrelid = r.oid WHERE r.relkind = 'c')
        )) AS digest
    ), heirs AS (
        SELECT inhparent AS parent, inhrelid AS heir FROM pg_catalog.pg_inherits
        UNION
        SELECT h.parent, i.inhrelid FROM heirs h JOIN pg_catalog.pg_inherits i ON i.inhparent = h.heir
    ), uniques AS (
        SELECT i.indexrelid, i.indrelid, i.indisprimary,
               array_agg(a.attname::text ORDER BY place.number) AS columns
        FROM pg_catalog.pg_index i
        CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS place (attnum, number)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = place.attnum
        WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
          AND place.number <= i.indnkeyatts
        GROUP BY i.indexrelid, i.indrelid, i.indisprimary
    )
    SELECT n.nspname::text AS schema_name, c.relname::text AS table_name, c.relkind = 'p' AS is_partitioned,
           c.oid::text AS table_oid, a.attnum::int AS place,
           CASE WHEN y.typnamespace <> 'pg_catalog'::regnamespace THEN (SELECT digest FROM made) END AS made_kinds,
           has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS is_readable,
           row_security_active(c.oid) AS is_guarded,
           coalesce(obj_description(c.oid, 'pg_class'), '') AS table_description,
           a.attname::text AS column_name, NOT a.attnotnull AS is_nullable,
           format_type(k.base, CASE WHEN a.atttypmod <> -1 THEN a.atttypmod ELSE k.modifier END) AS column_type,
           coalesce(col_description(c.oid, a.attnum), '') AS column_description,
           coalesce((SELECT u.columns FROM uniques u WHERE u.indrelid = c.oid AND u.indisprimary), '{{}}') AS key,
           (SELECT json_agg(u.columns ORDER BY NOT u.indisprimary, u.indexrelid) FROM uniques u
            WHERE u.indrelid = c.oid)::text AS uniques,
           ARRAY(SELECT {address_sql("ns.nspname", "r.relname")} FROM heirs h
                 JOIN pg_catalog.pg_class r ON r.oid = h.heir AND NOT r.relispartition
                 JOIN pg_catalog.pg_namespace ns ON ns.oid = r.relnamespace
                 WHERE h.parent = c.oid ORDER BY 1) AS heirs
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN kinds k ON k.kind = a.atttypid
    JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND {OWN}
    ORDER BY schema_name, table_name, a.attnum
"""
OTHERS = f"""
    SELECT {address_sql("n.nspname", "c.relname")} AS address, c.relkind::text AS kind
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('v', 'm', 'f') AND {OWN} ORDER BY address
"""
FOREIGN_KEYS = f"""
    SELECT {address_sql("n.nspname", "c.relname")} AS address, {address_sql("rn.nspname", "r.relname")} AS referred,
           ARRAY(SELECT a.attname::text FROM unnest(f.conkey) WITH ORDINALITY AS place (attnum, number)
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = place.attnum
                 ORDER BY place.number) AS columns,
           ARRAY(SELECT a.attname::text FROM unnest(f.confkey) WITH ORDINALITY AS place (attnum, number)
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = place.attnum
                 ORDER BY place.number) AS keys
    FROM pg_catalog.pg_constraint f
    JOIN pg_catalog.pg_class c ON c.oid = f.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_class r ON r.oid = f.confrelid
    JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
    WHERE f.contype = 'f' AND f.conparentid = 0
    ORDER BY address, f.conname
"""
