"""The film of each day of the week is chosen; the better version is the one whose films have more of the ratings."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
from safetensors.numpy import load, save

from watershed.models.origin import hash_modules, list_versions_of
from watershed.models.outcomes import Document, Judgement, Trained
from watershed.models.registry import Version
from watershed.models.run import Kept
from watershed.models.weights import read_bytes, read_weights, write_bytes


def train(features: pa.Table, kept: Kept) -> Trained:
    films = choose_films(features)
    weights = write_films(films, kept.weights_uri)
    return Trained(json.dumps({"kind": "most_rated"}), 0, weights, told={"weekdays": len(films)})


def choose_films(features: pa.Table) -> dict[int, str]:
    most = features.sort_by([("ratings", "ascending")])
    return dict(zip(most["weekday"].to_pylist(), most["film_id"].to_pylist(), strict=True))


def write_films(films: dict[int, str], uri: str) -> str:
    text = json.dumps(films, sort_keys=True).encode()
    content = save({"films": np.frombuffer(text, np.uint8)})
    write_bytes(uri, content)
    return hashlib.sha256(content).hexdigest()


def read_films(content: bytes) -> dict[int, str]:
    return {int(weekday): film for weekday, film in json.loads(load(content)["films"].tobytes()).items()}


def judge(trained: Trained, weights_uri: str, features: pa.Table, champion: Version | None) -> Judgement:
    share = measure(read_films(read_bytes(weights_uri)), features)
    before = measure(load_version(champion), features) if champion else 0.0
    reason = f"its films have {share:.0%} of the ratings, the champion's {before:.0%}"
    metrics = {"share_of_ratings": {"value": share}}
    return Judgement("champion" if share > before else "refused", reason, metrics)


def measure(films: dict[int, str], features: pa.Table) -> float:
    rows = features.to_pylist()
    return sum(r["ratings"] for r in rows if films.get(r["weekday"]) == r["film_id"]) / sum(r["ratings"] for r in rows)


def rebuild(version: Version, features: pa.Table, uri: str) -> tuple[str, Document]:
    films = choose_films(features)
    return write_films(films, uri), {"share_of_ratings": {"value": measure(films, features)}}


def load_version(version: Version) -> dict[int, str]:
    return read_films(read_weights(version))


def describe(version: Version, trained: Trained) -> dict[str, bytes]:
    return {"card.md": f"# {version.model_name}, version {version.model_version}\n".encode()}


def hash_code() -> str:
    return hash_modules(Path(__file__).parent)


def list_libraries() -> dict[str, str]:
    return list_versions_of(["safetensors"])
