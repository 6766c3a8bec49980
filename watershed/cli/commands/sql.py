"""Ask the warehouse in SQL; without a query, an interactive shell. Read-only, by a reader's role and key.

  watershed sql "FROM mart.top_pages LIMIT 5" --format csv
  watershed sql < question.sql                 or `-`: the query is what standard input has

Tables are core.*, mart.*, quarantine.*, ledger.*; `SHOW TABLES` lists them, `DESCRIBE core.requests` and
`SUMMARIZE core.requests` tell of one. `--snapshot N` shows the lake as it was, by number, name of a pin or UTC time;
inside a query `FROM core.requests AT (VERSION => N)` or `AT (TIMESTAMP => ...)` does so for one table.
"""

import argparse
import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from watershed.errors import InvalidInput

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

WORDS = """
    SELECT DISTINCT unnest([table_schema || '.' || table_name, column_name]) FROM information_schema.columns
"""

GOES_ON = "nothing was changed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", nargs="?", help="one SQL statement; - reads it from standard input")
    parser.add_argument(
        "--format", choices=("table", "csv", "json"), default="table", help="how to print (default table)"
    )
    parser.add_argument("--role", metavar="NAME", help="ask as this role sees the lake (contracts/roles.py)")
    parser.add_argument(
        "--snapshot", metavar="N", help="the lake as it was: a number (`watershed ledger`), a pin or a UTC time"
    )


def run(args: argparse.Namespace) -> int:
    import duckdb

    from watershed.declarations.roles import find_role, read_own_role
    from watershed.serving.analyst import connect_analyst
    from watershed.serving.statements import adapt_statement, examine_statement, explain_error
    from watershed.warehouse.pins import find_snapshot

    role = find_role(args.role) if args.role else read_own_role()
    snapshot = find_snapshot(connect_analyst(role=role), args.snapshot) if args.snapshot else None
    con = connect_analyst(snapshot=snapshot, role=role)

    def answer(query: str, form: str) -> None:
        try:
            print_answer(con, adapt_statement(con, examine_statement(query, role), role), form)
        except duckdb.Error as error:
            raise InvalidInput(explain_error(error)) from error

    if args.query is None and sys.stdin.isatty():
        return open_shell(con, answer, args.format)
    answer(read_query() if args.query in (None, "-") else args.query, args.format)
    return 0


def read_query() -> str:
    """What standard input has. Raises InvalidInput for nothing, and for what is not text."""
    try:
        query = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(f"standard input is not UTF-8 at byte {error.start + 1}: write the query in UTF-8") from None
    if not query.strip():
        raise InvalidInput("standard input has no query: name one, or run it in a terminal for a shell")
    return query


def print_answer(con: "DuckDBPyConnection", query: str, form: str) -> None:
    """A table to read; CSV or JSON in the bytes that a page exports. The second of two columns called x is x_1."""
    from watershed.serving.answer_files import Spool, write_answer
    from watershed.serving.answers import open_answer
    from watershed.settings import load_reader
    from watershed.warehouse.spill import name_spool

    answer = open_answer(con, query)
    if form == "table":
        width = shutil.get_terminal_size((200, 50)).columns
        answer.read(lambda kind, place: place).show(max_width=width, max_rows=10_000)
    else:
        sys.stdout.flush()
        write_answer(answer, sys.stdout.buffer, form, Spool(name_spool(load_reader().home)))  # type: ignore[arg-type]
        sys.stdout.flush()


def open_shell(con: "DuckDBPyConnection", answer: Callable[[str, str], None], form: str) -> int:
    from watershed.cli.shell import run_shell

    names = con.execute(WORDS).fetchall()
    return run_shell(answer, form, [name for (name,) in names])
