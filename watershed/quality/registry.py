"""Business rules of the engine's own tables of models."""

from watershed.declarations.registry import STATES
from watershed.quality.known import EARLIEST, Known
from watershed.quality.rules import Rules, expect_between, expect_match, expect_one_of, expect_that, expect_unique

SHA256 = "^[0-9a-f]{64}$"
DIGESTS = {
    "weights_sha256": "weights_sha256 is 64 hexadecimal digits",
    "code_sha256": "code_sha256 is 64 hexadecimal digits",
    "features_sha256": "features_sha256 is 64 hexadecimal digits",
}


def list_model_rules(known: Known) -> Rules:
    """Of ml.models: together they are what the registry promises."""
    return [
        expect_unique("state", ["model_name"], "a model has one champion at most", among="state = 'champion'"),
        expect_one_of("state", STATES, "state is candidate, champion, retired or refused"),
        expect_that("model_name", "regexp_full_match(model_name, '[a-z][a-z0-9_]*')", "model_name names a folder"),
        expect_between("model_version", 1, None, "model_version is at least 1"),
        expect_that("reason", "length(reason) BETWEEN 1 AND 2000", "reason has 1 to 2,000 characters"),
        expect_match("weights_uri", r"^(s3://|/).*\.safetensors$", "weights_uri is the address of a safetensors file"),
        *(expect_match(column, SHA256, because) for column, because in DIGESTS.items()),
        expect_that("config_json", "json_extract_string(config_json, 'kind') IS NOT NULL", "config_json has a kind"),
        expect_between("data_snapshot_id", 0, None, "data_snapshot_id is at least 0"),
        expect_between("row_count", 1, None, "row_count is at least 1"),
        expect_that("parent_version", "parent_version < model_version", "parent_version is below model_version"),
        expect_between("trained_at", EARLIEST, known.latest, "trained_at is between 1990 and tomorrow"),
        expect_that("changed_at", "changed_at >= trained_at", "changed_at is not before trained_at"),
    ]


def list_drift_rules(known: Known) -> Rules:
    """Of ml.drifts. All of them block: what was measured can be measured again."""
    return [
        expect_between("measured_at", EARLIEST, known.latest, "measured_at is between 1990 and tomorrow"),
        expect_that("psi", "isfinite(psi) AND psi >= 0", "psi is a finite number, at least 0"),
        expect_between("value_count", 0, None, "value_count is at least 0"),
    ]
