"""Ask the warehouse in SQL; without a query, an interactive DuckDB shell. Read-only, by a reader's role and key.

Tables are core.*, mart.*, quarantine.*, ledger.*; `SHOW ALL TABLES` lists them. `--snapshot N` shows the lake as it
was, by number, name of a pin or UTC time; inside a query `FROM core.requests AT (VERSION => N)` or
`AT (TIMESTAMP => ...)` does so for one table.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", nargs="?", help="one SQL statement")
    parser.add_argument(
        "--format", choices=("table", "csv", "json"), default="table", help="how to print (default table)"
    )
    parser.add_argument(
        "--snapshot", metavar="N", help="the lake as it was: a number (`watershed ledger`), a pin or a UTC time"
    )


def run(args: argparse.Namespace) -> int:
    import duckdb

    from warehouse.analyst import connect_analyst, refuse_statement
    from warehouse.pins import find_snapshot

    snapshot = find_snapshot(connect_analyst(), args.snapshot) if args.snapshot else None
    if args.query is None:
        return open_shell(snapshot)
    con = connect_analyst(snapshot=snapshot)
    try:
        refuse_statement(args.query)
        print_result(con, args.query.strip().rstrip(";"), args.format)
    except duckdb.Error as error:
        raise ValueError(shorten(error)) from error
    return 0


def print_result(con: "DuckDBPyConnection", query: str, form: str) -> None:
    result = con.sql(query)
    if result is None:
        return
    if form == "table":
        width = os.get_terminal_size().columns if sys.stdout.isatty() else 200
        result.show(max_width=width, max_rows=10_000)
    elif form == "csv":
        print_csv(result)
    else:
        print_json(result)


def print_csv(result: "DuckDBPyRelation") -> None:
    """A header and a line a row; times are written as DuckDB writes them, lists and structs as JSON."""
    import csv

    from warehouse.spelling import list_nested, quote_bare, spell_values

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(result.columns)
    nested, spelled = list_nested(result), spell_values(result)
    while rows := spelled.fetchmany(10_000):
        writer.writerows(
            [quote_bare(v) if is_json and v is not None else v for v, is_json in zip(row, nested, strict=True)]
            for row in rows
        )


def print_json(result: "DuckDBPyRelation") -> None:
    """An array with an object a row; what JSON has no type for, such as a timestamp, is a string."""
    import json

    from warehouse.spelling import list_nested, spell_json, spell_values

    names = [json.dumps(name, ensure_ascii=False) for name in result.columns]
    nested, spelled = list_nested(result), spell_values(result)
    separator = "["
    while rows := spelled.fetchmany(10_000):
        for row in rows:
            values = zip(names, row, nested, strict=True)
            print(separator + "{" + ", ".join(f"{n}: {spell_json(v, j)}" for n, v, j in values) + "}", end="")
            separator = ",\n "
    print("]" if separator != "[" else "[]")


def shorten(error: Exception) -> str:
    """DuckDB's sentence without the repeated query below it."""
    return str(error).split("\n\n")[0].split("\nLINE")[0]


def open_shell(snapshot: int | None) -> int:
    """The official DuckDB shell, the lake attached. Its start-up script holds secrets and never is a file on disk."""
    from contracts.settings import load_reader
    from warehouse.analyst import connect_analyst, spell_lock
    from warehouse.connection import LAKE, spell_attach, spell_setup

    settings = load_reader()
    connect_analyst(settings, snapshot).close()  # a clear sentence instead of the shell's
    attach = spell_attach(settings, read_only=True, snapshot=snapshot)
    # The shell changes settings of its own as it starts; nobody can open again what is closed before.
    closing = [s for s in spell_lock(settings) if "lock_configuration" not in s]
    statements = [*spell_setup(settings), attach, f"USE {LAKE}", *closing]
    script = os.memfd_create("watershed.sql", 0)
    os.set_inheritable(script, True)
    lines = [".output /dev/null", *(f"{statement};" for statement in statements), ".output"]
    os.write(script, "\n".join(lines).encode() + b"\n")
    shell = Path(sys.executable).with_name("duckdb")
    if not shell.exists():
        raise LookupError(f"the DuckDB shell is not at {shell}: install requirements.txt again")
    os.execv(shell, [str(shell), "-init", f"/proc/{os.getpid()}/fd/{script}"])
