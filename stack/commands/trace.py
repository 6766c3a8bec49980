"""Follow rows of a table back to the raw object and line that they came from.

Works for core.* and quarantine.* tables: `watershed trace core.requests --where "status = 500"`.
"""

import argparse
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", help="such as core.requests or quarantine.ratings")
    parser.add_argument("--where", required=True, metavar="SQL", help="which rows, as a SQL condition")
    parser.add_argument("--limit", type=int, default=5, metavar="N", help="rows to follow (default 5)")


def run(args: argparse.Namespace) -> int:
    import duckdb

    from contracts import find_table
    from warehouse.connection import connect

    schema, _, name = args.table.rpartition(".")
    address = f"{schema}.{find_table(name).name}" if schema else find_table(name).address
    try:
        result = connect(read_only=True).sql(f"SELECT * FROM {address} WHERE {args.where} LIMIT {args.limit}")
        columns, rows = result.columns, result.fetchall()
    except duckdb.Error as error:
        raise ValueError(str(error).split("\n")[0]) from error
    if not rows:
        raise LookupError(f"{address} has no row where {args.where}")
    for row in rows:
        print_origin(dict(zip(columns, row, strict=True)))
    return 0


def print_origin(row: dict[str, Any]) -> None:
    from lake.store import open_store

    store = open_store()
    about = store.head(row["raw_object"])
    print("row      " + ", ".join(f"{k}={v}" for k, v in row.items() if k not in ("raw_object", "raw_line")))
    print(f"object   {store.address(about.key)}")
    print(
        f"file     {about.name}, {about.bytes:,} bytes, landed {about.arrived_at:%Y-%m-%d %H:%M:%S} UTC, "
        f"sha256 {about.sha256}"
    )
    for snapshot, run_id in list_publishes(about.key):
        print(f"publish  snapshot {snapshot}, run {run_id}")
    print(f"line     {row['raw_line']}: {read_line(store, about.key, row['raw_line'])}\n")


def list_publishes(key: str) -> list[tuple[int, str]]:
    from warehouse.connection import connect

    query = "SELECT DISTINCT snapshot_id, run_id FROM ledger.books WHERE raw_object = ? ORDER BY snapshot_id"
    return connect(read_only=True).execute(query, [key]).fetchall()


def read_line(store: Any, key: str, line: int) -> str:
    """The record as it lies in the raw object: read it again rather than trust a copy."""
    from importlib import import_module

    from contracts import find_source

    source = find_source(key.split("/")[1])
    reader = import_module(f"sources.{source.kind}")
    if not hasattr(reader, "read"):
        return f"a row of the extraction that {store.address(key)} describes"
    for records in reader.read(store, [key], {}):
        numbers = records.column("raw_line").to_pylist()
        if numbers and numbers[0] <= line <= numbers[-1]:
            return spell_record(records.slice(numbers.index(line), 1).to_pylist()[0])
    return "the object has no such line"


def spell_record(record: dict[str, Any]) -> str:
    """Its text; of a message, also its place in the topic."""
    place = f"partition {record['partition']}, offset {record['message_offset']}: " if "partition" in record else ""
    return f"{place}{record['line']}"
