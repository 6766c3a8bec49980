"""Rebuild a version from what the registry says of it, and compare. Nothing is published."""

import json
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from models.recommender.features import hash_features, read_features
from watershed.errors import InvalidInput
from watershed.flows.models.build_features import MODEL
from watershed.models.registry import Version, find_version
from watershed.warehouse.connection import connect

if TYPE_CHECKING:
    from models.recommender.model import Model

TOLERANCE = 1e-6
METRICS = ("hr_at_10", "ndcg_at_10")
SNAPSHOT = "SELECT 1 FROM ducklake_snapshots('lake') WHERE snapshot_id = ?"


class NotReproduced(InvalidInput):
    """A version cannot be rebuilt, or comes out otherwise: the message says which and why."""


def reproduce(number: int) -> dict[str, Any]:
    """Train again from the recorded snapshot, config and seed. With the same libraries and processor the weights must
    be the same to the last bit, with others the metrics to 1e-6.

    Returns `version`, `is_identical` (the weights), `ndcg_at_10`. Raises NotReproduced with one sentence, NotFound
    for a version that is not there.
    """
    from models.recommender.config import read_config
    from models.recommender.interactions import split_last
    from models.recommender.train import fit_recorded
    from watershed.flows.models.judge_model import measure

    with closing(connect(read_only=True)) as con:
        version = find_version(con, MODEL, number)
        verify_origin(con, version)
        features = read_features(con, version.data_snapshot_id)
    verify_features(version, features)
    known, _ = split_last(features)
    model, _ = fit_recorded(known, read_config(version.config_json), is_shown=sys.stderr.isatty())
    is_identical = verify_weights(version, hash_weights(model))
    metrics = measure(model, features)
    verify_metrics(version, metrics)
    return {"version": number, "is_identical": is_identical, "ndcg_at_10": round(metrics["ndcg_at_10"]["value"], 6)}


def verify_origin(con: DuckDBPyConnection, version: Version) -> None:
    """The data is still there, and the code is the one that trained. Raises NotReproduced."""
    from models.recommender.origin import hash_code

    what = f"version {version.model_version} cannot be reproduced"
    if not con.execute(SNAPSHOT, [version.data_snapshot_id]).fetchone():
        raise NotReproduced(f"{what}: snapshot {version.data_snapshot_id}, which it was trained on, has expired")
    if hash_features() != version.features_sha256 or hash_code() != version.code_sha256:
        place = f"check out commit {version.code_commit}" if version.code_commit else "find the code of that day"
        raise NotReproduced(f"{what} with this code, which is another one: {place}, then try again")


def verify_features(version: Version, features: pa.Table) -> None:
    if len(features) != version.interaction_count:
        raise NotReproduced(
            f"snapshot {version.data_snapshot_id} now has {len(features):,} interactions, version "
            f"{version.model_version} was trained on {version.interaction_count:,}: the lake's history was changed"
        )


def hash_weights(model: "Model") -> str:
    """The SHA-256 of its file."""
    with tempfile.TemporaryDirectory() as folder:
        return model.save(str(Path(folder) / "weights.safetensors"))


def verify_weights(version: Version, sha256: str) -> bool:
    """Whether the weights are the same. Raises NotReproduced when they are not, and nothing explains it."""
    from models.recommender.origin import list_libraries

    recorded, here = json.loads(version.libraries_json), list_libraries()
    if sha256 != version.weights_sha256 and recorded == here:
        raise NotReproduced(
            f"version {version.model_version} came out with other weights (SHA-256 {sha256[:12]}, recorded "
            f"{version.weights_sha256[:12]}) with the same data, code, libraries and processor: training is not "
            "deterministic, a defect"
        )
    return sha256 == version.weights_sha256


def verify_metrics(version: Version, metrics: dict[str, Any]) -> None:
    for name in METRICS:
        recorded, found = version.metrics[name]["value"], metrics[name]["value"]
        if not abs(recorded - found) <= TOLERANCE:
            raise NotReproduced(
                f"version {version.model_version} came out with {name} {found:.6f} instead of {recorded:.6f}: "
                "see which of libraries_json in ml.models is another one here"
            )
