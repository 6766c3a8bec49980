"""List the versions of the recommender: state, metrics, why; or show the card of one.

  watershed models      every version, with HR@10 and NDCG@10 and their 95 % intervals
  watershed models 3    the card of version 3
"""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.registry import Version

MODEL = "recommender"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", nargs="?", type=int, metavar="VERSION", help="such as 3; default: list all")


def run(args: argparse.Namespace) -> int:
    from models.registry import find_version, list_versions
    from steps.prepare import prepare_tables
    from warehouse.connection import connect

    prepare_tables(["ml.models"])
    con = connect(read_only=True)
    if args.version is not None:
        print_card(find_version(con, MODEL, args.version))
        return 0
    versions = list_versions(con, MODEL)
    if not versions:
        print(f"{MODEL}: no version yet; `watershed run train_recommender` trains the first")
    for version in versions:
        print_version(version)
    return 0


def print_version(version: "Version") -> None:
    marked = "*" if version.state == "champion" else " "
    metrics = "  ".join(spell_metric(version, name) for name in ("hr_at_10", "ndcg_at_10"))
    moment = f"{version.trained_at:%Y-%m-%d %H:%M:%S}"
    print(f"{marked} {version.model_version:>4}  {version.state:<9}  {moment}  {metrics}  {version.reason}")


def spell_metric(version: "Version", name: str) -> str:
    found = version.metrics[name]
    label = name.replace("_at_", "@").upper()
    return f"{label} {found['value']:.4f} ({found['low']:.4f} to {found['high']:.4f})"


def print_card(version: "Version") -> None:
    """The card as it was published, and what has become of the version since."""
    from lake.store import open_store, spell_model_key

    card = open_store().read_bytes(spell_model_key(version.model_name, version.model_version, "card.md"))
    print(card.decode().rstrip())
    print(f"\nNow: {version.state}, since {version.changed_at:%Y-%m-%d %H:%M:%S}: {version.reason}")
