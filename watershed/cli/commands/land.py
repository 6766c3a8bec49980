"""Hand files over, as an outside producer would: each becomes an immutable raw object.

  watershed land access_logs access.log.gz                  plain or gzip
  watershed land access_logs access.log --origin web-2      the same content of another server is another object
  watershed land access_logs access.log --separate          not the log that it begins with

Landing the same content twice, under any name, changes nothing. A file that begins with all of what is known takes its
place when it is published: a log that has grown is counted once. `detect_arrivals` in Airflow notices new objects
within a minute; `watershed run ingest_SOURCE` takes them at once.
"""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from watershed.cli.arguments import parse_day
from watershed.declarations.counting import count_nouns
from watershed.declarations.nearby import explain_missing_file
from watershed.errors import InvalidInput

if TYPE_CHECKING:
    from watershed.lake.store import RawObject

GOES_ON = "the files above are landed, the others are not"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", help="such as access_logs")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="plain or gzip")
    parser.add_argument("--date", type=parse_day, help="day of lines that carry a time of day only (2026-11-01)")
    parser.add_argument("--origin", metavar="NAME", help="who produced the files, such as web-2")
    parser.add_argument("--separate", action="store_true", help="they continue nothing, whatever they begin with")


def run(args: argparse.Namespace) -> int:
    from watershed.flows.ingest.land import land_file

    failed = 0
    for path in args.files:
        name = os.fsencode(path).decode(errors="backslashreplace")
        try:
            landed = land_file(args.source, path, args.date, args.origin, args.separate)
        except (OSError, InvalidInput) as error:
            failed += 1
            print(f"{name}: not landed: {describe(error, path)}")
            continue
        print(f"{name}: {tell(landed, args.separate)}")
    if failed:
        raise InvalidInput(f"{failed} of {count_nouns(len(args.files), 'file')} not landed; the reasons are above")
    return 0


def tell(landed: "RawObject", is_separate: bool) -> str:
    from watershed.flows.succession.succession import foresee

    word = "landed" if landed.is_new else "already there"
    told = [f"{word} as {landed.key} ({count_nouns(landed.bytes, 'byte')})", *foresee(landed)]
    if is_separate and not landed.is_separate:
        told.append("not as separate, as it was landed before: name its --origin to have it beside others")
    return "; ".join(told)


def describe(error: Exception, path: Path) -> str:
    if isinstance(error, FileNotFoundError):
        return explain_missing_file(path)
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text.removeprefix(f"{path}: ")
