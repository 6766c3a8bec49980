"""Rebuild a version from what the registry says of it, and compare. Nothing is published."""

import json
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from duckdb import DuckDBPyConnection

from watershed.errors import InvalidInput
from watershed.models.model import Model
from watershed.models.outcomes import Document
from watershed.models.registry import Version, find_version
from watershed.models.run import WEIGHTS_FILE
from watershed.warehouse.connection import connect

TOLERANCE = 1e-6
SNAPSHOT = "SELECT 1 FROM ducklake_snapshots('lake') WHERE snapshot_id = ?"


class NotReproduced(InvalidInput):
    """A version cannot be rebuilt, or comes out otherwise: the message says which and why."""


@dataclass(frozen=True)
class Reproduced:
    """`is_identical`: whether the weights are the same to the last bit. `figure`: the model's metric."""

    version: int
    is_identical: bool
    figure: float


def reproduce(model: Model, number: int) -> Reproduced:
    """Train again from the recorded snapshot, config and seed. With the same libraries and processor the weights must
    be the same to the last bit, with others the metrics to 1e-6.

    Raises NotReproduced with one sentence, NotFound for a version that is not there.
    """
    with closing(connect(read_only=True)) as con:
        version = find_version(con, model.name, number)
        verify_origin(con, model, version)
        features = model.read_features(con, version.data_snapshot_id)
    verify_features(version, features)
    with tempfile.TemporaryDirectory() as folder:
        sha256, metrics = model.training.rebuild(version, features, str(Path(folder) / WEIGHTS_FILE))
    is_identical = verify_weights(model, version, sha256)
    verify_metrics(version, metrics)
    return Reproduced(number, is_identical, round(metrics[model.metric]["value"], 6))


def verify_origin(con: DuckDBPyConnection, model: Model, version: Version) -> None:
    """The data is still there, and the code is the one that trained. Raises NotReproduced."""
    what = f"version {version.model_version} cannot be reproduced"
    if not con.execute(SNAPSHOT, [version.data_snapshot_id]).fetchone():
        raise NotReproduced(f"{what}: snapshot {version.data_snapshot_id}, which it was trained on, has expired")
    if model.hash_features() != version.features_sha256 or model.training.hash_code() != version.code_sha256:
        place = f"check out commit {version.code_commit}" if version.code_commit else "find the code of that day"
        raise NotReproduced(f"{what} with this code, which is another one: {place}, then try again")


def verify_features(version: Version, features: pa.Table) -> None:
    if len(features) != version.row_count:
        raise NotReproduced(
            f"snapshot {version.data_snapshot_id} now has {len(features):,} rows to learn from, version "
            f"{version.model_version} was trained on {version.row_count:,}: the lake's history was changed"
        )


def verify_weights(model: Model, version: Version, sha256: str) -> bool:
    """Whether the weights are the same. Raises NotReproduced when they are not, and nothing explains it."""
    recorded, here = json.loads(version.libraries_json), model.training.list_libraries()
    if sha256 != version.weights_sha256 and recorded == here:
        raise NotReproduced(
            f"version {version.model_version} came out with other weights (SHA-256 {sha256[:12]}, recorded "
            f"{version.weights_sha256[:12]}) with the same data, code, libraries and processor: training is not "
            "deterministic, a defect"
        )
    return sha256 == version.weights_sha256


def verify_metrics(version: Version, metrics: Document) -> None:
    """Every metric that is one figure, `{"value": ...}`, is the recorded one. Raises NotReproduced."""
    for name, figure in version.figures.items():
        value, found = figure["value"], metrics[name]["value"]
        if not abs(value - found) <= TOLERANCE:
            raise NotReproduced(
                f"version {version.model_version} came out with {name} {found:.6f} instead of {value:.6f}: "
                "see which of libraries_json in ml.models is another one here"
            )
