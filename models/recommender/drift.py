"""How far the data that a model sees has moved from the data that it was trained on.

Of each quantity the training data's values are cut into ten bins of about equal counts. The population stability index
(PSI) is the sum over bins of (now - then) * ln(now / then), where those are the shares of values in the bin. By
convention below 0.1 nothing has moved, and above 0.25 it is another distribution.

All users count, whomever a run predicts for: of a few the index would be chance. The relations asked here:
`interactions` (user_id, item_id, interacted_at), `items` (item_id, place: from 0, the most frequent in training first)
and `best` (score: of the best item of a user).
"""

import math
from typing import Any

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from contracts.recommendations import TABLE as RECOMMENDATIONS
from models.recommender import MODEL
from models.recommender.predicting import changed_sql
from models.recommender.training import load_version
from watershed.lake.store import side_key
from watershed.models.outcomes import Document, MeasuredDrift
from watershed.models.registry import Version
from watershed.models.run import Staging
from watershed.warehouse.connection import quote

BINS = 10
DRIFTED = 0.25
SAMPLE = 10_000  # users whose best score at training time is the reference
LEAST_VALUES = 500  # of fewer than so many the index is mostly chance, about 2 * BINS / values

QUANTITIES = {
    "interactions_per_user": "SELECT count(*) AS value FROM interactions GROUP BY user_id",
    # An item that training did not know comes after all others.
    "popularity_rank": """
        SELECT coalesce(place, (SELECT count(*) FROM items)) AS value
        FROM interactions LEFT JOIN items USING (item_id)""",
    # Older ones do not move: what came since is in the last bin.
    "interacted_at": "SELECT epoch(interacted_at) AS value FROM interactions",
    "best_score": "SELECT score AS value FROM best",
}


def describe_training(con: DuckDBPyConnection, version: Version) -> Document:
    """Describe the whole histories at the version of the lake that the model was trained on."""
    model, snapshot = load_version(version), version.data_snapshot_id
    con.execute(f"CREATE OR REPLACE TEMP TABLE interactions AS {MODEL.features_sql(snapshot)}")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE sampled AS SELECT user_id FROM
            (SELECT DISTINCT user_id FROM interactions) ORDER BY hash(user_id), user_id LIMIT {SAMPLE}"""
    )
    histories = MODEL.read_features(con, snapshot, "temp.sampled")
    best = model.with_history(histories).recommend(histories["user_id"].unique(), 1, as_of=model.as_of)
    con.register("best", best)
    items = model.items.to_pylist()
    register_items(con, items)
    reference = {"items": items, "quantities": describe(con)}
    con.unregister("best")
    con.execute("DROP TABLE interactions")
    return reference


def register_items(con: DuckDBPyConnection, items: list[str]) -> None:
    con.register("items", pa.table({"item_id": pa.array(items, pa.string()), "place": range(len(items))}))


def compare_now(con: DuckDBPyConnection, reference: Document, staging: Staging) -> list[MeasuredDrift]:
    """All users as of this run beside the reference, those that it did not predict for as they were."""
    choice, features = staging.choice, staging.features
    scores = []
    if files := staging.files[RECOMMENDATIONS.address]:
        scores.append(f"SELECT score FROM read_parquet([{', '.join(map(quote, files))}]) WHERE rank = 1")
    if choice.file:
        features = staging.store.address(side_key(staging.run_id, "all_features"))
        MODEL.write_features(con, features, choice.snapshot)
        kept = f"rank = 1 AND user_id NOT IN ({changed_sql(choice.file)})"
        scores.append(f"SELECT score FROM {RECOMMENDATIONS.address} WHERE {kept}")
    con.execute(f"CREATE TEMP VIEW interactions AS FROM read_parquet({quote(features)})")
    con.execute(f"CREATE TEMP VIEW best AS {' UNION ALL '.join(scores) or 'SELECT 0.0::DOUBLE AS score WHERE false'}")
    register_items(con, reference["items"])
    return compare(con, reference["quantities"])


def describe(con: DuckDBPyConnection) -> dict[str, Any]:
    """The reference, from the relations as they are for the training data: by quantity, bins and how many values are in
    each. Survives JSON."""
    reference = {}
    for name, query in QUANTITIES.items():
        edges = find_edges(con, query)
        reference[name] = {"edges": edges, "counts": count_values(con, query, edges)}
    return reference


def compare(con: DuckDBPyConnection, reference: Document) -> list[MeasuredDrift]:
    """The relations as they are now beside a reference."""
    found = []
    for name, query in QUANTITIES.items():
        counts = count_values(con, query, reference[name]["edges"])
        psi, values = measure_psi(reference[name]["counts"], counts), sum(counts)
        is_drifted = psi > DRIFTED and min(values, sum(reference[name]["counts"])) >= LEAST_VALUES
        found.append(MeasuredDrift(name, psi, is_drifted, values))
    return found


def find_edges(con: DuckDBPyConnection, query: str) -> list[float]:
    """The lowest value of every bin but the first, ascending and distinct: fewer where values are often the same. Where
    all are, what is greater has a bin of its own."""
    levels = [number / BINS for number in range(1, BINS)]
    row = con.execute(f"SELECT min(value), quantile_disc(value, {levels}) FROM ({query})").fetchone()
    lowest, edges = row or (None, None)
    found = sorted({float(edge) for edge in edges or () if edge > lowest})
    return found or ([] if lowest is None else [math.nextafter(lowest, math.inf)])


def count_values(con: DuckDBPyConnection, query: str, edges: list[float]) -> list[int]:
    """How many values are in each bin, of which there is one more than edges."""
    cases = "".join(f" WHEN value < {edge!r}::DOUBLE THEN {bin}" for bin, edge in enumerate(edges))
    place = f"CASE{cases} ELSE {len(edges)} END" if edges else "0"
    found = dict(con.execute(f"SELECT {place} AS bin, count(*) FROM ({query}) GROUP BY bin").fetchall())
    return [found.get(bin, 0) for bin in range(len(edges) + 1)]


def measure_psi(then: list[int], now: list[int]) -> float:
    """0 where both have the same shares. Half a value is added to every bin, so that an empty one is no infinity; no
    values at all say nothing, which is 0."""
    if not sum(then) or not sum(now):
        return 0.0
    before, after = ((np.array(counts) + 0.5) / (sum(counts) + 0.5 * len(counts)) for counts in (then, now))
    return float(((after - before) * np.log(after / before)).sum())
