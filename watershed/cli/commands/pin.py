"""Give a version of the lake a name that a report can cite; without a name, list the pins.

  watershed pin year-end-2026 --reason "annual report"      the newest version
  watershed pin year-end-2026 --snapshot 41 --reason "..."
  watershed pin year-end-2026 --remove

`watershed sql --snapshot year-end-2026` asks it. Expiry spares it for as long as the pin is on.
"""

import argparse

from watershed.cli.listing import add_format


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="such as year-end-2026")
    parser.add_argument("--snapshot", type=int, metavar="N", help="the version (`watershed ledger` lists them)")
    parser.add_argument("--reason", default="", help="who cites it, and where")
    add_format(parser)
    parser.add_argument("--remove", action="store_true", help="take the name off; the version expires like others")


def run(args: argparse.Namespace) -> int:
    from watershed.flows.upkeep.pin import pin_snapshot, remove_pin

    if args.name is None:
        list_pins(args.format)
    elif args.remove:
        print(f"{args.name} was version {remove_pin(args.name, args.reason or 'no longer cited')}")
    else:
        print(f"{args.name} is version {pin_snapshot(args.name, args.reason, args.snapshot)}")
    return 0


def list_pins(form: str) -> None:
    from watershed.cli.commands.ledger import ask
    from watershed.cli.listing import print_listings
    from watershed.warehouse.pins import PINS

    print_listings(form, ask("pins", PINS, []))
