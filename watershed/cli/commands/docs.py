"""Write docs/tables.md anew: every table, mart and view with its columns, from their declarations.

The types of columns are those in the lake, so the storage has to run (`watershed up --storage-only`).
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="only say whether it would be another page")


def run(args: argparse.Namespace) -> int:
    from watershed.project import find_project
    from watershed.warehouse.connection import connect
    from watershed.warehouse.schema.tables_page import read_types, render_page

    page = render_page(read_types(connect(read_only=True)))
    path = find_project() / "docs" / "tables.md"
    is_current = path.exists() and path.read_text() == page
    if not args.check:
        path.write_text(page)
    print(f"{path.name} {'is current' if is_current else 'has changed'}")
    return 0 if is_current or not args.check else 1
