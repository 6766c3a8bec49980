"""Write docs/tables.md anew: every table, mart and view with its columns, from their declarations.

The types of columns are those in the lake, so the storage has to run (`watershed up --storage-only`).
"""

import argparse
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tables.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="only say whether it would be another page")


def run(args: argparse.Namespace) -> int:
    from warehouse.connection import connect
    from warehouse.tables_page import read_types, render_page

    page = render_page(read_types(connect(read_only=True)))
    is_current = PAGE.exists() and PAGE.read_text() == page
    if not args.check:
        PAGE.write_text(page)
    print(f"{PAGE.name} {'is current' if is_current else 'has changed'}")
    return 0 if is_current or not args.check else 1
