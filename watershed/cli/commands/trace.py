"""Follow rows of a table back to the raw object and line that they came from.

Works for core.* and quarantine.* tables: `watershed trace core.requests --where "status = 500"`.
"""

import argparse
from typing import Any

from watershed.cli.arguments import parse_limit
from watershed.cli.listing import Listing, add_format, print_listings, read_width, wrap_text
from watershed.declarations.counting import count_nouns
from watershed.errors import InvalidInput, NotFound

INDENT = 9


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", help="such as core.requests or quarantine.ratings")
    parser.add_argument("--where", required=True, metavar="SQL", help="which rows, as a SQL condition")
    parser.add_argument("--limit", type=parse_limit, default=5, metavar="N", help="rows to follow (default 5)")
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    import duckdb

    from watershed.declarations import find_table
    from watershed.serving.answers import open_answer
    from watershed.serving.trees import parse_condition
    from watershed.warehouse.connection import connect
    from watershed.warehouse.spelling import as_text_sql

    schema = args.table.rpartition(".")[0]
    table = find_table(args.table)
    if table.is_made:
        raise InvalidInput(
            f"{table.address} is made of other tables, not of raw objects: `watershed lineage` names them"
        )
    address = f"{schema}.{table.name}" if schema else table.address
    condition = parse_condition(args.where)
    try:
        query = f"SELECT * FROM {address} WHERE {condition}"
        result = open_answer(connect(read_only=True), query).read(as_text_sql, limit=args.limit)
        columns, rows = result.columns, result.fetchall()
    except duckdb.Error as error:
        raise InvalidInput(str(error).split("\n")[0]) from error
    if "raw_line" not in columns:
        come = f"`watershed lineage {address}` says what they come from"
        raise NotFound(f"rows of {address} come from no raw line: {come}")
    if not rows:
        raise NotFound(f"{address} has no row where {args.where}")
    found = [find_origin(dict(zip(columns, row, strict=True))) for row in rows]
    if args.format == "table":
        for origin in found:
            print_origin(origin)
    else:
        print_listings(args.format, Listing("rows", tuple(found[0]), [tuple(origin.values()) for origin in found]))
    return 0


def find_origin(row: dict[str, Any]) -> dict[str, Any]:
    """What there is to know of where a row came from, by name."""
    from watershed.flows.upkeep.trace import find_line, list_predecessors, list_publishes

    line = find_line(row["raw_object"], int(row["raw_line"]))
    about = line.object
    return {
        "row": {name: value for name, value in row.items() if name not in ("raw_object", "raw_line")},
        "object": line.address,
        "file": about.name,
        "bytes": about.bytes,
        "landed": f"{about.arrived_at:%Y-%m-%d %H:%M:%S}",
        "sha256": about.sha256,
        "origin": about.origin,
        "publishes": [{"snapshot": snapshot, "run": run_id} for snapshot, run_id in list_publishes(about.key)],
        "instead": [{"object": key, "file": name} for key, name in list_predecessors(about.key)],
        "line": line.number,
        "place": line.place,
        "text": line.text,
    }


def print_origin(found: dict[str, Any]) -> None:
    print_named("row", ", ".join(f"{name}={value}" for name, value in found["row"].items()))
    print_named("object", found["object"])
    origin = f", origin {found['origin']}" if found["origin"] else ""
    size = count_nouns(found["bytes"], "byte")
    print_named("file", f"{found['file']}, {size}, landed {found['landed']} UTC, sha256 {found['sha256']}{origin}")
    for publish in found["publishes"]:
        print_named("publish", f"snapshot {publish['snapshot']}, run {publish['run']}")
    for one in found["instead"]:
        print_named("instead", f"of {one['file']}, {one['object']}, with all of which it begins")
    place = f"{found['place']}: " if found["place"] else ""
    print_named("line", f"{found['line']}: {place}{found['text'] or 'the object has no such line'}")
    print()


def print_named(name: str, text: str) -> None:
    first, *more = wrap_text(text, read_width() - INDENT)
    print(f"{name:<{INDENT}}{first}")
    for line in more:
        print(" " * INDENT + line)
