"""Write synthetic data for every source, with known dirt, and the truth of what must come out of it.

The files wait to be handed over with `watershed land`; the rows of the accounts database are applied to it at once
when the stack runs. The same seed gives the same bytes.
"""

import argparse
from datetime import date, timedelta
from pathlib import Path

from watershed.cli.arguments import parse_day
from watershed.cli.listing import Listing, print_listings
from watershed.errors import InvalidInput, NotFound

FIRST_DAY = date(2024, 3, 4)

GOES_ON = "the folder is not complete: remove it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--days", type=int, default=7, help="days to fill (default 7)")
    parser.add_argument("--rows", type=int, default=100_000, help="lines of each log over all days (default 100000)")
    parser.add_argument("--seed", type=int, default=1, help="another number gives other data (default 1)")
    parser.add_argument("--start", type=parse_day, default=FIRST_DAY, help=f"first day (default {FIRST_DAY})")
    parser.add_argument("--out", type=Path, help="folder to write to (default: one below generated/ in WATERSHED_HOME)")


def run(args: argparse.Namespace) -> int:
    from watershed.project import find_module
    from watershed.settings import find_home

    if (generators := find_module("sample.generate")) is None:
        raise NotFound("this project generates no data: write generate_data in sample/generate/__init__.py")
    if args.days < 1 or args.rows < args.days:
        raise InvalidInput(f"--days {args.days} --rows {args.rows}: at least one day, and a row a day, are needed")
    out = args.out or find_home() / "generated" / f"{args.start}-seed-{args.seed}"
    if out.exists() and any(out.iterdir()):
        raise InvalidInput(f"{out} is not empty: remove it, or name another folder with --out")
    days = [args.start + timedelta(days=n) for n in range(args.days)]
    truth = generators.generate_data(out, days, args.rows, args.seed)
    rows = [(name, source["objects"], source["lines"]) for name, source in truth["sources"].items()]
    print_listings("table", Listing("generated", ("source", "files", "lines"), rows, title=f"generated in {out}"))
    for name in truth["sources"]:
        print(f"watershed land {name} {out / name}/*")
    for sentence in generators.hand_over(out):
        print(sentence)
    print(f"what must come out is in {out / 'truth.json'}")
    return 0
