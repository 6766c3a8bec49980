"""Go back to the version of the recommender that predicted before the present one.

  watershed rollback --because "half of the recommended films are in Klingon"

A second rollback takes back the first; for an older version there is `watershed promote`.
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--because", default="no reason given", metavar="TEXT", help="why, for those who read ml.models later"
    )


def run(args: argparse.Namespace) -> int:
    import getpass

    from watershed.cli.commands.promote import print_change
    from watershed.flows.models.promote import roll_back

    print_change(roll_back(getpass.getuser(), args.because))
    return 0
