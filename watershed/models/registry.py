"""The registry: every version of every model is a row of `ml.models`, which publishes alone write (ADR 17)."""

import json
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property

from duckdb import DuckDBPyConnection

from watershed.declarations.registry import MODELS
from watershed.errors import NotFound
from watershed.models.outcomes import Document


@dataclass(frozen=True)
class Version:
    """A row of `ml.models`; the contract says what each column means. Versions of a model count from 1."""

    model_name: str
    model_version: int
    state: str
    reason: str
    weights_uri: str
    weights_sha256: str
    config_json: str
    seed: int
    libraries_json: str
    code_commit: str | None
    code_sha256: str
    features_sha256: str
    data_snapshot_id: int
    row_count: int
    metrics_json: str
    parent_version: int | None
    run_id: str
    trained_at: datetime
    changed_at: datetime

    @cached_property
    def metrics(self) -> Document:
        """What `metrics_json` says."""
        return dict(json.loads(self.metrics_json))

    @property
    def figures(self) -> dict[str, dict[str, float]]:
        """The metrics that are one figure: `value`, and where there is an interval `low` and `high`."""
        return {name: one for name, one in self.metrics.items() if isinstance(one, dict) and "value" in one}


COLUMNS = tuple(field.name for field in fields(Version))


def list_versions(con: DuckDBPyConnection, model_name: str, snapshot: int | None = None) -> list[Version]:
    """All versions of a model, the first first; with `snapshot` as that version of the lake has them."""
    at = "" if snapshot is None else f" AT (VERSION => {int(snapshot)})"
    query = f"SELECT {', '.join(COLUMNS)} FROM {MODELS}{at} WHERE model_name = ? ORDER BY model_version"
    return [Version(*row) for row in con.execute(query, [model_name]).fetchall()]


def find_version(con: DuckDBPyConnection, model_name: str, number: int) -> Version:
    """Raises NotFound with the versions there are."""
    versions = {version.model_version: version for version in list_versions(con, model_name)}
    if (found := versions.get(number)) is None:
        there = f"the versions are {', '.join(map(str, versions))}" if versions else "there is no version yet"
        raise NotFound(f"there is no version {number} of {model_name}: {there}")
    return found


def find_champion(con: DuckDBPyConnection, model_name: str) -> Version | None:
    """The version that predicts; None before the first is promoted. Raises NotFound when there are two."""
    champions = [version for version in list_versions(con, model_name) if version.state == "champion"]
    if len(champions) > 1:
        numbers = ", ".join(str(version.model_version) for version in champions)
        raise NotFound(f"{model_name} has several champions in {MODELS}: {numbers}; promote one of them")
    return champions[0] if champions else None
