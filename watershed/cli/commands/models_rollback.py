"""Go back to the version of a model that predicted before the present one.

  watershed models rollback --reason "half of the recommended films are in Klingon"

A second rollback takes back the first; for an older version there is `watershed models promote`.
"""

import argparse

from watershed.cli.model_option import add_model, choose_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--reason", default="no reason given", metavar="TEXT", help="why, for those who read ml.models later"
    )
    add_model(parser)


def run(args: argparse.Namespace) -> int:
    import getpass

    from watershed.cli.commands.models_promote import print_change
    from watershed.flows.models.promote import roll_back

    model = choose_model(args)
    print_change(model, roll_back(model, getpass.getuser(), args.reason))
    return 0
