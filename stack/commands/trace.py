"""Follow rows of a table back to the raw object and line that they came from.

Works for core.* and quarantine.* tables: `watershed trace core.requests --where "status = 500"`.
"""

import argparse
from typing import Any

from stack.arguments import parse_limit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", help="such as core.requests or quarantine.ratings")
    parser.add_argument("--where", required=True, metavar="SQL", help="which rows, as a SQL condition")
    parser.add_argument("--limit", type=parse_limit, default=5, metavar="N", help="rows to follow (default 5)")


def run(args: argparse.Namespace) -> int:
    import duckdb

    from contracts import find_table
    from warehouse.connection import connect
    from warehouse.spelling import spell_values

    schema, _, name = args.table.rpartition(".")
    table = find_table(name)
    if table.is_made:
        raise ValueError(f"{table.address} is made of other tables, not of raw objects: `watershed lineage` names them")
    address = f"{schema}.{table.name}" if schema else table.address
    try:
        result = connect(read_only=True).sql(f"SELECT * FROM {address} WHERE {args.where} LIMIT {args.limit}")
        columns, rows = result.columns, spell_values(result).fetchall()
    except duckdb.Error as error:
        raise ValueError(str(error).split("\n")[0]) from error
    if "raw_line" not in columns:
        come = f"`watershed lineage {address}` says what they come from"
        raise LookupError(f"rows of {address} come from no raw line: {come}")
    if not rows:
        raise LookupError(f"{address} has no row where {args.where}")
    for row in rows:
        print_origin(dict(zip(columns, row, strict=True)))
    return 0


def print_origin(row: dict[str, Any]) -> None:
    from steps.trace import find_line, list_predecessors, list_publishes

    line = find_line(row["raw_object"], row["raw_line"])
    about = line.object
    print("row      " + ", ".join(f"{k}={v}" for k, v in row.items() if k not in ("raw_object", "raw_line")))
    print(f"object   {line.address}")
    print(
        f"file     {about.name}, {about.bytes:,} bytes, landed {about.arrived_at:%Y-%m-%d %H:%M:%S} UTC, "
        f"sha256 {about.sha256}" + (f", origin {about.origin}" if about.origin else "")
    )
    for snapshot, run_id in list_publishes(about.key):
        print(f"publish  snapshot {snapshot}, run {run_id}")
    for key, name in list_predecessors(about.key):
        print(f"instead  of {name}, {key}, with all of which it begins")
    place = f"{line.place}: " if line.place else ""
    print(f"line     {line.number}: {place}{line.text or 'the object has no such line'}\n")
