"""Give a person a role and a key of their own for attaching the lake directly; without a name, list who has them.

  watershed keys --add anna            prints what anna sets, once
  watershed keys --remove anna         ends what anna is doing, and opens nothing any more

A person who has them reads everything in the lake, personal columns too, and writes nothing. For questions alone a
token is enough: `watershed serve --add`. Local stack only; docs/production.md has the statements for other servers.
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--add", metavar="NAME", help="small letters, digits and . _ - @")
    parser.add_argument("--remove", metavar="NAME", help="from the next question on")


def run(args: argparse.Namespace) -> int:
    from watershed.stack.home import open_home
    from watershed.stack.people_keys import add_keys, read_people, remove_keys

    home = open_home()
    if args.add:
        print("# Shown this once. Settings for `watershed sql`, or the parts of a secret in any DuckDB.")
        for name, value in add_keys(home, args.add).items():
            print(f"{name}={value}")
    elif args.remove:
        remove_keys(home, args.remove)
    else:
        for name, person in sorted(read_people(home).items()):
            print(f"{name:<24} since {person['added_at']}")
    return 0
