"""The option `--model` of the commands about models. Where the project has one model, it is that one."""

import argparse

from watershed.models.model import Model, find_model, find_only_model


def add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="NAME", help="a folder of models/; default: the only one")


def choose_model(args: argparse.Namespace) -> Model:
    """Raises NotFound with the models there are, where none is named and there are several."""
    return find_model(args.model) if args.model else find_only_model()
