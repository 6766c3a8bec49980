"""Train a version again from its recorded snapshot, config and seed, and compare. Nothing is published.

  watershed reproduce 3

With the same libraries and processor the weights must be the same to the last bit, with others the metrics to 1e-6. The
exit code is 1 when they are not, when the snapshot has expired, or when this is not the code that trained the version.
"""

import argparse

from watershed.cli.model_option import add_model, choose_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", type=int, metavar="VERSION", help="such as 3; `watershed models` lists them")
    add_model(parser)


def run(args: argparse.Namespace) -> int:
    from watershed.flows.models.reproduce import reproduce

    model = choose_model(args)
    found = reproduce(model, args.version)
    weights = "the same weights, to the last bit" if found.is_identical else "other weights on this machine"
    print(f"version {args.version} is reproduced: {weights}; {model.metric} {found.figure:.6f}, as recorded")
    return 0
