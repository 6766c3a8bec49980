"""Business rules of ml.predictions. All of them block: what a model makes can be made again."""

from watershed.quality.known import EARLIEST, Known
from watershed.quality.rules import Rules, expect_between, expect_that


def build_rules(known: Known) -> Rules:
    distinct = "len(film_ids) <= 20 AND len(film_ids) = len(list_distinct(film_ids))"
    return [
        expect_between("predicted_at", EARLIEST, known.latest, "predicted_at is between 1990 and tomorrow"),
        expect_that("film_ids", distinct, "film_ids has at most 20 films, each once"),
        expect_between("model_version", 1, None, "model_version is at least 1"),
    ]
