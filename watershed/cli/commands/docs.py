"""Write docs/tables/ anew: a page for every table, mart and view with its columns, from their declarations.

It names what has changed. Pages of tables that are gone go; files there that it has not written stay. The types of
columns are those in the lake, so the storage has to run (`watershed up --storage-only`).
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="only say which pages would be others")


def run(args: argparse.Namespace) -> int:
    from watershed.project import find_project
    from watershed.warehouse.connection import connect
    from watershed.warehouse.schema.table_pages import read_types, render_pages

    pages = render_pages(read_types(connect(read_only=True)))
    folder = find_project() / "docs" / "tables"
    changed = [name for name, text in pages.items() if read_page(folder / name) != text]
    gone = [path.name for path in sorted(folder.glob("*.md")) if path.name not in pages and is_written(path)]
    if not args.check:
        folder.mkdir(parents=True, exist_ok=True)
        for name in changed:
            (folder / name).write_text(pages[name])
        for name in gone:
            (folder / name).unlink()
    for name in sorted(changed + gone):
        print(f"docs/tables/{name}" + " is gone" * (name in gone))
    return 1 if args.check and changed + gone else 0


def read_page(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def is_written(path: Path) -> bool:
    """By this command, and not by a person."""
    from watershed.warehouse.schema.table_pages import MARK

    return MARK in path.read_text()
