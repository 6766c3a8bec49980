"""Make a version of a model the champion: from now on it predicts.

  watershed models promote 3 --reason "it recommends newer films"

Any version can be promoted, a refused one too. `watershed models rollback` takes it back.
"""

import argparse
from typing import TYPE_CHECKING

from watershed.cli.model_option import add_model, choose_model
from watershed.errors import Unavailable, UserError
from watershed.models.model import Model

if TYPE_CHECKING:
    from watershed.flows.models.promote import ChampionChange


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", type=int, metavar="VERSION", help="such as 3; `watershed models` lists them")
    parser.add_argument(
        "--reason", default="no reason given", metavar="TEXT", help="why, for those who read ml.models later"
    )
    add_model(parser)


def run(args: argparse.Namespace) -> int:
    import getpass

    from watershed.flows.models.promote import promote

    model = choose_model(args)
    print_change(model, promote(model, args.version, getpass.getuser(), args.reason))
    return 0


def print_change(model: Model, changed: "ChampionChange") -> None:
    retired = f"version {changed.retired} is retired" if changed.retired else "there was none before"
    print(f"version {changed.version} is the champion, {retired} (snapshot {changed.snapshot})")
    print(start_predictions(model.predict_dag))


def start_predictions(dag_id: str) -> str:
    """Ask Airflow for new predictions, where one answers. Returns what became of it, in a sentence."""
    from watershed.stack.airflow_api import open_api

    try:
        open_api().trigger(dag_id)
    except (UserError, Unavailable):
        return f"predictions follow with the next `watershed run {dag_id}`"
    return f"`{dag_id}` was started: predictions follow"
