"""Go back to the version of the recommender that predicted before the present one.

  watershed models rollback --reason "half of the recommended films are in Klingon"

A second rollback takes back the first; for an older version there is `watershed models promote`.
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--reason", default="no reason given", metavar="TEXT", help="why, for those who read ml.models later"
    )


def run(args: argparse.Namespace) -> int:
    import getpass

    from watershed.cli.commands.models_promote import print_change
    from watershed.flows.models.promote import roll_back

    print_change(roll_back(getpass.getuser(), args.reason))
    return 0
