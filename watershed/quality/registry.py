"""Business rules of the engine's own tables of models."""

from watershed.declarations.registry import STATES
from watershed.quality.known import EARLIEST, Known
from watershed.quality.rules import Rules, expect_between, expect_match, expect_one_of, expect_that, expect_unique

SHA256 = "^[0-9a-f]{64}$"
DIGESTS = {
    "weights_sha256": "the weights are known by their SHA-256",
    "code_sha256": "the code is known by its SHA-256",
    "features_sha256": "the features are known by their SHA-256",
}


def list_model_rules(known: Known) -> Rules:
    """Of ml.models: together they are what the registry promises."""
    return [
        expect_unique("state", ["model_name"], "a model has one champion at most", among="state = 'champion'"),
        expect_one_of("state", STATES, "a version is candidate, champion, retired or refused"),
        expect_that("model_name", "regexp_full_match(model_name, '[a-z][a-z0-9_]*')", "a model is a folder of models/"),
        expect_between("model_version", 1, None, "versions count from 1"),
        expect_that("reason", "length(reason) BETWEEN 1 AND 2000", "a state has a reason"),
        expect_match("weights_uri", r"^(s3://|/).*\.safetensors$", "weights are a safetensors file at an address"),
        *(expect_match(column, SHA256, because) for column, because in DIGESTS.items()),
        expect_that("config_json", "json_extract_string(config_json, 'kind') IS NOT NULL", "a config names its kind"),
        expect_between("data_snapshot_id", 0, None, "a version of the lake is its number"),
        expect_between("interaction_count", 1, None, "a model has learned from something"),
        expect_that("parent_version", "parent_version < model_version", "the parent is an earlier version"),
        expect_between("trained_at", EARLIEST, known.latest, "trained_at is between 1990 and tomorrow"),
        expect_that("changed_at", "changed_at >= trained_at", "a state changes after training"),
    ]


def list_drift_rules(known: Known) -> Rules:
    """Of ml.drifts. All of them block: what was measured can be measured again."""
    return [
        expect_between("measured_at", EARLIEST, known.latest, "measured_at is between 1990 and tomorrow"),
        expect_that("psi", "isfinite(psi) AND psi >= 0", "a population stability index is a number, 0 at least"),
        expect_between("value_count", 0, None, "values are counted"),
    ]
