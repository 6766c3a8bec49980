"""Business rules of ml.recommendations. All of them block: what a model makes can be made again.

References that a run knows: `interactions`, the histories that it predicted from; `catalogue`, the films that the model
knows (item_id); `recommendations`, what is published, if it is by the same version; `kept`, what of that will stay.
"""

from watershed.quality.known import Known
from watershed.quality.rules import Rules, expect_between, expect_none, expect_that, expect_unique

MOST = 20
LEAST_USERS = 100  # of fewer the median says nothing


def build_rules(known: Known) -> Rules:
    return [
        expect_between("rank", 1, MOST, f"a user gets {MOST} films at most, ranks counted from 1"),
        expect_that("score", "isfinite(score)", "score is a finite number"),
        expect_unique("film_id", ["user_id"], "film_id occurs once a user"),
        expect_none("descending", ascending_sql(), "score does not increase from rank to rank of a user"),
        *compare_with_histories(known),
        *compare_with_last(known),
    ]


def ascending_sql() -> str:
    before = "lag(score) OVER (PARTITION BY user_id ORDER BY rank)"
    return f"SELECT 1 FROM (SELECT score > {before} AS is_better FROM {{rows}}) WHERE is_better"


def compare_with_histories(known: Known) -> Rules:
    """Nobody is left out, nobody is there who has no history, nothing has been seen."""
    if (histories := known.references.get("interactions")) is None:
        return []
    seen = f"SELECT 1 FROM {{rows}} AS r SEMI JOIN {histories} AS h ON r.user_id = h.user_id AND r.film_id = h.item_id"
    counts = f"""
        SELECT 1 FROM (SELECT user_id, count(*) AS films, max(rank) AS last FROM {{rows}} GROUP BY user_id) AS r
        FULL JOIN ({counts_sql(histories, known.references["catalogue"])}) AS h USING (user_id)
        WHERE films IS DISTINCT FROM due OR last IS DISTINCT FROM due
    """
    every = f"every user with a history, and nobody else, gets {MOST} films, or as many as are left"
    return [
        expect_none("seen", seen, "film_id is not in the history of its user"),
        expect_none("uncovered", counts, every),
    ]


def counts_sql(histories: str, catalogue: str) -> str:
    """How many films each user is due: those that the model knows and the user has not seen, 20 at most."""
    known = f"(SELECT count(*) FROM {catalogue})"
    return f"""
        SELECT user_id, nullif(least({MOST}, {known} - count(c.item_id)), 0) AS due
        FROM {histories} LEFT JOIN {catalogue} AS c USING (item_id) GROUP BY user_id
    """


def compare_with_last(known: Known) -> Rules:
    """A model whose scores move as a whole from one run to the next has met data of another kind."""
    if (last := known.references.get("recommendations")) is None:
        return []
    rows = "{rows}"
    if kept := known.references.get("kept"):
        rows = f"(SELECT rank, score FROM {{rows}} UNION ALL SELECT rank, score FROM {kept})"
    moved = f"""
        SELECT 1
        FROM (SELECT median(score) AS middle, count(*) AS users FROM {rows} WHERE rank = 1) AS now,
            (SELECT quantile_cont(score, 0.1) AS low, quantile_cont(score, 0.9) AS high, count(*) AS users
             FROM {last} WHERE rank = 1) AS past
        WHERE least(now.users, past.users) >= {LEAST_USERS} AND NOT middle BETWEEN low AND high
    """
    because = "the median of the users' best scores is within the middle 80 % of the last run's, of the same version"
    return [expect_none("moved", moved, because)]
