"""Hand files over, as an outside producer would: each becomes an immutable raw object.

Landing the same content twice, under any name, changes nothing. `detect_arrivals` in Airflow notices new objects
within a minute; `watershed run ingest_SOURCE` takes them at once.
"""

import argparse
from datetime import date
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", help="such as access_logs")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="plain or gzip")
    parser.add_argument(
        "--date", type=date.fromisoformat, help="day of lines that carry a time of day only (2026-11-01)"
    )


def run(args: argparse.Namespace) -> int:
    from steps.land import land_file

    failed = 0
    for path in args.files:
        try:
            landed = land_file(args.source, path, args.date)
        except (OSError, ValueError) as error:
            failed += 1
            print(f"{path}: not landed: {describe(error, path)}")
            continue
        word = "landed" if landed.is_new else "already there"
        print(f"{path}: {word} as {landed.key} ({landed.bytes:,} bytes)")
    if failed:
        raise ValueError(f"{failed} of {len(args.files)} files were not landed; the reasons are above")
    return 0


def describe(error: Exception, path: Path) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text.removeprefix(f"{path}: ")
