"""Write synthetic data for every source, with known dirt, and the truth of what must come out of it.

The files wait to be handed over with `watershed land`; the rows of the accounts database are applied to it at once
when the stack runs. The same seed gives the same bytes.
"""

import argparse
from datetime import date, timedelta
from pathlib import Path

from contracts.counting import count_nouns
from stack.arguments import parse_day
from stack.listing import Listing, print_listings

FIRST_DAY = date(2024, 3, 4)

GOES_ON = "the folder is not complete: remove it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--days", type=int, default=7, help="days to fill (default 7)")
    parser.add_argument("--rows", type=int, default=100_000, help="lines of each log over all days (default 100000)")
    parser.add_argument("--seed", type=int, default=1, help="another number gives other data (default 1)")
    parser.add_argument("--start", type=parse_day, default=FIRST_DAY, help=f"first day (default {FIRST_DAY})")
    parser.add_argument("--out", type=Path, help="folder to write to (default: one below generated/ in WATERSHED_HOME)")


def run(args: argparse.Namespace) -> int:
    from contracts.settings import find_home
    from stack.generate import generate_data

    if args.days < 1 or args.rows < args.days:
        raise ValueError(f"--days {args.days} --rows {args.rows}: at least one day, and a row a day, are needed")
    out = args.out or find_home() / "generated" / f"{args.start}-seed-{args.seed}"
    if out.exists() and any(out.iterdir()):
        raise ValueError(f"{out} is not empty: remove it, or name another folder with --out")
    truth = generate_data(out, [args.start + timedelta(days=n) for n in range(args.days)], args.rows, args.seed)
    rows = [(name, source["objects"], source["lines"]) for name, source in truth["sources"].items()]
    print_listings("table", Listing("generated", ("source", "files", "lines"), rows, title=f"generated in {out}"))
    for name in truth["sources"]:
        print(f"watershed land {name} {out / name}/*")
    fill_database(out / "accounts")
    print(f"what must come out is in {out / 'truth.json'}")
    return 0


def fill_database(folder: Path) -> None:
    """Apply the generated days to the accounts database, if there is one and it answers."""
    import psycopg

    from contracts.settings import SettingsMissing, source_url
    from stack.apply_accounts import apply_accounts

    try:
        days = apply_accounts(source_url("accounts"), folder)
    except (SettingsMissing, psycopg.OperationalError):
        print("accounts: no database answers; `watershed up`, then generate into another folder")
        return
    except ValueError as error:  # what is there stays
        print(f"accounts: {error}")
        return
    print(f"accounts: {count_nouns(days, 'day')} applied to the accounts database")
