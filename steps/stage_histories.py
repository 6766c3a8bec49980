"""Staging of histories: extractions of a database, folded into the versions of every record that they change.

What is staged is the complete history of each changed record: its earlier versions with it, since some of them end.
They are *carried*: rows of the staged file that come from extractions published before.
"""

from contextlib import closing
from datetime import datetime
from typing import Any
from uuid import uuid4

from duckdb import DuckDBPyConnection

from contracts import tables_of
from contracts.table import Source, Table
from lake.store import Store, spell_step_key, spell_table_key
from sources.extractions import read_extraction, read_manifest
from transforms.history import fold_history, select_columns
from warehouse.connection import connect, quote
from warehouse.ledger import find_latest_object
from warehouse.publish import read_snapshot, transact


def stage_histories(source: Source, keys: list[str], run_id: str, store: Store) -> dict[str, Any]:
    """Fold the extractions in the order of their moments, onto what is published or, in a rebuild, onto nothing."""
    is_rebuild = bool(store.read_json(spell_step_key(run_id, "land"))["rebuild"])
    ordered = sorted(keys, key=lambda key: read_manifest(store, key).cut_at)
    with closing(connect()) as con, transact(con):  # one transaction: all histories as of one snapshot
        latest = None if is_rebuild else find_latest_object(con, source.name)
        folded_until = read_manifest(store, latest).cut_at if latest else None
        tables = {
            table.name: stage_history(con, table, ordered, folded_until, is_rebuild, run_id, store)
            for table in tables_of(source)
        }
        return {"tables": tables, "refused": {}, "snapshot": read_snapshot(con)}


def stage_history(
    con: DuckDBPyConnection,
    table: Table,
    keys: list[str],
    folded_until: datetime | None,
    is_rebuild: bool,
    run_id: str,
    store: Store,
) -> dict[str, Any]:
    names = ", ".join(f'"{c.name}"' for c in table.all_columns)
    published = f"(SELECT {names} FROM {table.address} WHERE {not is_rebuild})"
    con.execute(f"CREATE OR REPLACE TEMP TABLE folded AS SELECT {names} FROM {table.address} LIMIT 0")
    tallies: dict[str, dict[str, int]] = {}
    for key in keys:
        tallies[key] = fold_extraction(con, table, published, key, folded_until, store)
        folded_until = read_manifest(store, key).cut_at
    file = store.address(spell_table_key(table.address, f"{run_id}-{uuid4().hex[:12]}"))
    copied = con.execute(f"COPY (SELECT {names} FROM folded ORDER BY ALL) TO {quote(file)} (FORMAT parquet)").fetchone()
    files = [file] if copied and copied[0] else []
    return {"files": files, "rejects": [], "tallies": tallies, "is_rebuild": is_rebuild}


def fold_extraction(
    con: DuckDBPyConnection, table: Table, published: str, key: str, folded_until: datetime | None, store: Store
) -> dict[str, int]:
    """Add what one extraction changes to the temporary table `folded`; returns its tally."""
    import ibis

    lake = ibis.duckdb.from_connection(con)
    using = ", ".join(f'"{name}"' for name in table.key)
    extraction, rows, keys = read_extraction(store, key, table)
    previous = f"SELECT * FROM {published} ANTI JOIN folded USING ({using}) UNION ALL BY NAME SELECT * FROM folded"
    for name, query in (("previous", previous), ("extracted", rows), ("present", keys)):
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")  # the fold looks at each several times
    changed = fold_history(
        lake.sql("FROM previous", dialect="duckdb"),
        select_columns(lake.sql("FROM extracted", dialect="duckdb"), table),
        lake.sql("FROM present", dialect="duckdb"),
        key=table.key,
        cut_at=extraction.cut_at,
        folded_until=folded_until,
        changed_at=table.changed_at,
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE changed AS {ibis.to_sql(changed, dialect='duckdb')}")
    con.execute(f"DELETE FROM folded WHERE ({using}) IN (SELECT ({using}) FROM changed)")
    con.execute("INSERT INTO folded BY NAME SELECT * FROM changed")
    read = extraction.find_origin(table).row_count
    opened = con.execute("SELECT count(*) FROM changed WHERE raw_object = ?", [key]).fetchone()
    written = int(opened[0]) if opened else 0
    return {"read": read, "filtered": 0, "rejected": 0, "written": written, "deduplicated": read - written}
