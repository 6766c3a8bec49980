"""Make a version of the recommender the champion: from now on it predicts.

  watershed models promote 3 --reason "it recommends newer films"

Any version can be promoted, a refused one too. `watershed models rollback` takes it back.
"""

import argparse

from watershed.errors import Unavailable, UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", type=int, metavar="VERSION", help="such as 3; `watershed models` lists them")
    parser.add_argument(
        "--reason", default="no reason given", metavar="TEXT", help="why, for those who read ml.models later"
    )


def run(args: argparse.Namespace) -> int:
    import getpass

    from watershed.flows.models.promote import promote

    print_change(promote(args.version, getpass.getuser(), args.reason))
    return 0


def print_change(changed: dict[str, int | None]) -> None:
    retired = f"version {changed['retired']} is retired" if changed["retired"] else "there was none before"
    print(f"version {changed['version']} is the champion, {retired} (snapshot {changed['snapshot']})")
    print(start_predictions())


def start_predictions() -> str:
    """Ask Airflow for new recommendations, where one answers. Returns what became of it, in a sentence."""
    from watershed.stack.airflow_api import open_api

    try:
        open_api().trigger("predict_recommendations")
    except (UserError, Unavailable):
        return "recommendations follow with the next `watershed run predict_recommendations`"
    return "`predict_recommendations` was started: recommendations follow"
