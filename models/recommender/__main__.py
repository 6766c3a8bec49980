"""Train a model on a file of interactions, hold out the last of each user, and say how good it is.

python -m models.recommender ratings.parquet --config '{"kind": "factors", "epochs": 10}' --out model.safetensors
torchrun --nproc-per-node 2 -m models.recommender ratings.parquet --config config.json --checkpoints s3://lake/mine
"""

import argparse
import gzip
import io
import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from models.recommender.card import draw_curves
from models.recommender.choose import choose_configs
from models.recommender.config import Config, list_values, read_config
from models.recommender.device import choose_device, join_team, leave_team, read_rank
from models.recommender.evaluate import group_users, rank_last, split_last, summarize
from models.recommender.interactions import prepare
from models.recommender.progress import fit_recorded, remove_checkpoints
from watershed.errors import InvalidInput
from watershed.models.weights import read_bytes, write_bytes


def main() -> int:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m models.recommender", description=__doc__, formatter_class=raw)
    parser.add_argument("file", help="path or s3:// URI of a .parquet, .csv or .dat file: user_id, item_id, "
                                     "and if there are any weight and interacted_at")  # fmt: skip
    parser.add_argument("--config", help="JSON, or the path of a file of it (default: chosen by the data)")
    parser.add_argument("--out", help="URI to save the model at")
    parser.add_argument("--checkpoints", help="URI to keep states below; begun again, training goes on from there")
    parser.add_argument("--curves", help="URI to write the curves to, as PNG")
    args = parser.parse_args()
    join_team()
    try:
        return run(args)
    except (LookupError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        leave_team()


def run(args: argparse.Namespace) -> int:
    """Every process trains; the first one writes and prints."""
    table, held_out = split_last(read_table(args.file))
    config = parse_config(args.config) or choose_configs(prepare(table))[0]
    model, curve = fit_recorded(table, config, held_out, args.checkpoints)
    if read_rank():
        return 0
    sha256 = model.save(args.out) if args.out else None
    if args.curves:
        write_bytes(args.curves, draw_curves(curve, f"{config.kind}, {len(table):,} interactions"))
    if args.checkpoints:
        remove_checkpoints(args.checkpoints)
    metrics = summarize(rank_last(model, held_out), group_users(model, held_out["user_id"]))
    seconds = curve[-1].seconds if curve else None
    told = {"config": list_values(config), "metrics": metrics, "seconds": seconds, "sha256": sha256}
    print(json.dumps(told | {"device": str(choose_device())}))
    return 0


def parse_config(text: str | None) -> Config | None:
    """Raises InvalidInput for what is not a config."""
    if text is None:
        return None
    return read_config(text if text.lstrip().startswith("{") else Path(text).read_text())


def read_table(uri: str) -> pa.Table:
    """A path or `s3://` URI, compressed or not. Raises InvalidInput for a kind of file that is none of these."""
    content = read_bytes(uri)
    if uri.endswith(".gz"):
        content = gzip.decompress(content)
    name = uri.removesuffix(".gz")
    if name.endswith(".parquet"):
        return pa.parquet.read_table(io.BytesIO(content))
    if name.endswith(".csv"):
        return pa.csv.read_csv(io.BytesIO(content))
    if name.endswith(".dat"):
        return read_dat(content)
    raise InvalidInput(f"{uri} is no .parquet, .csv or .dat file: interactions are read from these")


def read_dat(content: bytes) -> pa.Table:
    """`user::item::rating::seconds` lines; item ids stay texts, with their leading zeros."""
    lines = pc.split_pattern(pa.array(content.decode().splitlines()), "::")
    user, item, seconds = (pc.list_element(lines, place) for place in (0, 1, 3))
    return pa.table({"user_id": user.cast(pa.int64()), "item_id": item, "interacted_at": seconds.cast(pa.int64())})


if __name__ == "__main__":
    sys.exit(main())
