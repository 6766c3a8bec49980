"""A champion for tests: trained on what is published, put right into the registry."""

import hashlib
from dataclasses import asdict, fields, replace

import pyarrow as pa

from models.recommender import MODEL, Config, ItemItemConfig, fit
from models.recommender.config import format_config
from tests.models.published import NOON
from watershed.lake.store import model_key, open_store
from watershed.models.registry import Version
from watershed.models.weights import read_bytes
from watershed.warehouse.connection import connect
from watershed.warehouse.publish import read_snapshot

CONFIG = ItemItemConfig(least_users=1)
DIGEST = hashlib.sha256(b"").hexdigest()


def crown(number: int, config: Config = CONFIG) -> Version:
    """Train on everything and make that version champion; the one before retires."""
    con = connect()
    snapshot, features = read_snapshot(con), MODEL.read_features(con)
    uri = open_store().address(model_key("recommender", number, "weights.safetensors"))
    fit(features, config).save(uri)
    version = Version(
        model_name="recommender",
        model_version=number,
        state="champion",
        reason="a test says so",
        weights_uri=uri,
        weights_sha256=hashlib.sha256(read_bytes(uri)).hexdigest(),
        config_json=format_config(config),
        seed=config.seed,
        libraries_json="{}",
        code_commit=None,
        code_sha256=DIGEST,
        features_sha256=MODEL.hash_features(),
        data_snapshot_id=snapshot,
        row_count=len(features),
        metrics_json="{}",
        parent_version=None,
        run_id=f"train-{number}",
        trained_at=NOON,
        changed_at=NOON,
    )
    register(version)
    return version


def register(version: Version) -> None:
    con = connect()
    con.execute("UPDATE ml.models SET state = 'retired' WHERE state = 'champion'")
    con.execute("DELETE FROM ml.models WHERE model_version = ?", [version.model_version])
    names = [field.name for field in fields(Version)]
    row = {name: value for name, value in asdict(version).items() if name in names}
    con.register("version", pa.Table.from_pylist([row]))
    con.execute("INSERT INTO ml.models BY NAME SELECT * REPLACE (code_commit::VARCHAR AS code_commit) FROM version")


def damage(version: Version) -> Version:
    """The same version with another checksum than its file has."""
    return replace(version, weights_sha256=DIGEST)
