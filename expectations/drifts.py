"""Business rules of ml.drifts. All of them block: what was measured can be measured again."""

from watershed.quality.known import EARLIEST, Known
from watershed.quality.rules import Rules, expect_between, expect_that


def build_rules(known: Known) -> Rules:
    return [
        expect_between("measured_at", EARLIEST, known.latest, "it was measured in the web's time, not in the future"),
        expect_that("psi", "isfinite(psi) AND psi >= 0", "a population stability index is a number, 0 at least"),
        expect_between("value_count", 0, None, "values are counted"),
    ]
