"""List the versions of the recommender: state, metrics, why; or show the card of one.

watershed models      every version, with HR@10 and NDCG@10 and their 95 % intervals
watershed models 3    the card of version 3
"""

import argparse
from typing import TYPE_CHECKING, Any

from watershed.cli.listing import Listing, add_format, print_listings

if TYPE_CHECKING:
    from watershed.models.registry import Version

MODEL = "recommender"
METRICS = ("hr_at_10", "ndcg_at_10")
BOUNDED = [f"{name}{end}" for name in METRICS for end in ("", "_low", "_high")]
COLUMNS = ("version", "state", "trained", *BOUNDED, "reason")
BRIEF = ("version", "state", *METRICS, "reason")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", nargs="?", type=int, metavar="VERSION", help="such as 3; default: list all")
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    from watershed.flows.prepare import prepare_tables
    from watershed.models.registry import find_version, list_versions
    from watershed.warehouse.connection import connect

    prepare_tables(["ml.models"])
    con = connect(read_only=True)
    if args.version is not None:
        print_card(find_version(con, MODEL, args.version))
        return 0
    versions = list_versions(con, MODEL)
    if not versions and args.format == "table":
        print(f"{MODEL}: no version yet; `watershed run train_recommender` trains the first")
    if versions or args.format != "table":
        print_listings(args.format, Listing(MODEL, COLUMNS, [list_values(version) for version in versions], BRIEF))
    return 0


def list_values(version: "Version") -> list[Any]:
    metrics = (version.metrics[name][bound] for name in METRICS for bound in ("value", "low", "high"))
    return [version.model_version, version.state, version.trained_at, *metrics, version.reason]


def print_card(version: "Version") -> None:
    """The card as it was published, and what has become of the version since."""
    from watershed.lake.store import model_key, open_store

    card = open_store().read_bytes(model_key(version.model_name, version.model_version, "card.md"))
    print(card.decode().rstrip())
    print(f"\nNow: {version.state}, since {version.changed_at:%Y-%m-%d %H:%M:%S}: {version.reason}")
