"""List the versions of a model: state, metrics, why; or show the card of one.

watershed models      every version, with its metrics and their 95 % intervals
watershed models 3    the card of version 3
"""

import argparse
from typing import TYPE_CHECKING

from watershed.cli.listing import Listing, add_format, print_listings
from watershed.cli.model_option import add_model, choose_model

if TYPE_CHECKING:
    from watershed.models.registry import Version


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", nargs="?", type=int, metavar="VERSION", help="such as 3; default: list all")
    add_model(parser)
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    from watershed.declarations.registry import MODELS
    from watershed.flows.prepare import prepare_tables
    from watershed.models.registry import find_version, list_versions
    from watershed.warehouse.connection import connect

    model = choose_model(args)
    prepare_tables([MODELS])
    con = connect(read_only=True)
    if args.version is not None:
        print_card(find_version(con, model.name, args.version))
        return 0
    versions = list_versions(con, model.name)
    if not versions and args.format == "table":
        print(f"{model.name}: no version yet; `watershed run {model.train_dag}` trains the first")
    if versions or args.format != "table":
        print_listings(args.format, list_rows(model.name, versions))
    return 0


def list_rows(name: str, versions: "list[Version]") -> Listing:
    """A row a version, with the metrics that are a figure in any of them, and their intervals."""
    metrics = sorted({metric for version in versions for metric in version.figures})
    bounded = [f"{metric}{end}" for metric in metrics for end in ("", "_low", "_high")]
    rows = [
        [
            version.model_version,
            version.state,
            version.trained_at,
            *(version.figures.get(metric, {}).get(bound) for metric in metrics for bound in ("value", "low", "high")),
            version.reason,
        ]
        for version in versions
    ]
    return Listing(name, ("version", "state", "trained", *bounded, "reason"), rows, brief(metrics))


def brief(metrics: list[str]) -> tuple[str, ...]:
    """The columns of a listing for people."""
    return ("version", "state", *metrics, "reason")


def print_card(version: "Version") -> None:
    """The card as it was published, and what has become of the version since."""
    from watershed.lake.store import model_key, open_store

    card = open_store().read_bytes(model_key(version.model_name, version.model_version, "card.md"))
    print(card.decode().rstrip())
    print(f"\nNow: {version.state}, since {version.changed_at:%Y-%m-%d %H:%M:%S}: {version.reason}")
