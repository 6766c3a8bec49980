"""Predictions of the recommender: the best films of every user of a run, as rows of its tables.

Users are taken in portions: memory does not grow with their number. A list depends on the user's own history alone.
"""

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pyarrow as pa

from contracts.predictions import TABLE as PREDICTIONS
from contracts.recommendations import TABLE as RECOMMENDATIONS
from models.recommender.model import Model
from models.recommender.training import load_version
from watershed.models.registry import Version
from watershed.models.run import Choice, Staging
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import utc_now

TOP = 20
PORTION = 100_000  # interactions predicted from at once, of as many users at most
FILE_ROWS = 1_000_000

LISTS = """
    SELECT TIMESTAMP '{now}' AS predicted_at, user_id, film_ids,
           {version}::BIGINT AS model_version, {snapshot}::BIGINT AS data_snapshot_id, {run} AS run_id
    FROM lists
"""
# An empty list: until then the user had one.
WITHDRAWN = """
    SELECT DISTINCT TIMESTAMP '{now}' AS predicted_at, user_id, []::VARCHAR[] AS film_ids,
           {version}::BIGINT AS model_version, {snapshot}::BIGINT AS data_snapshot_id, {run} AS run_id
    FROM ml.recommendations AT (VERSION => {snapshot})
    WHERE {among} AND user_id NOT IN (SELECT user_id FROM read_parquet({features}))
"""


def predict(version: Version, staging: Staging) -> dict[str, int]:
    """Write the lists as files of both tables, a few portions of users a file; and `catalogue`, for the rules."""
    model, choice, con = load_version(version), staging.choice, staging.con
    con.register("items", pa.table({"item_id": model.items, "place": pa.array(range(len(model.items)), pa.int64())}))
    staging.refer("catalogue", "FROM items")
    con.unregister("items")
    names = {
        "now": utc_now().isoformat(),
        "version": choice.model_version,
        "snapshot": choice.snapshot,
        "run": quote(staging.run_id),
        "among": f"user_id IN ({changed_sql(choice.file)})" if choice.file else "true",
        "features": quote(staging.features),
    }
    users = 0
    for portion in gather(recommend(model, staging.features, choice)):
        con.register("staged", portion)
        con.register("lists", join_films(portion))
        staging.write(RECOMMENDATIONS.address, "FROM staged")
        users += staging.write(PREDICTIONS.address, LISTS.format(**names))
    withdrawn = staging.write(PREDICTIONS.address, WITHDRAWN.format(**names))
    recommended = staging.rows.get(RECOMMENDATIONS.address, 0)
    return {"users": users, "recommendations": recommended, "withdrawn": withdrawn}


def changed_sql(file: str) -> str:
    return f"SELECT user_id FROM read_parquet({quote(file)})"


def join_films(best: pa.Table) -> pa.Table:
    """A row a user: user_id, film_ids. A user's rows are side by side, best first; DuckDB would sort them again."""
    users = best["user_id"].to_numpy()
    first = np.flatnonzero(np.r_[True, users[1:] != users[:-1]])
    offsets = pa.array(np.r_[first, len(users)].astype(np.int32))
    films = pa.ListArray.from_arrays(offsets, best["film_id"].combine_chunks())
    return pa.table({"user_id": users[first], "film_ids": films})


def recommend(model: Model, features: str, choice: Choice) -> Iterator[pa.Table]:
    """Portions of ml.recommendations' rows."""
    schema = RECOMMENDATIONS.arrow_schema
    for histories in read_portions(features):
        users = histories["user_id"].unique()
        best = model.with_history(histories).recommend(users, TOP, as_of=model.as_of)
        about = {"model_version": choice.model_version, "data_snapshot_id": choice.snapshot}
        constants = {name: pa.array([value] * len(best), pa.int64()) for name, value in about.items()}
        own = dict(zip(("user_id", "rank", "film_id", "score"), best.columns, strict=True))
        yield pa.table({**own, **constants}).cast(schema)


def read_portions(features: str) -> Iterator[pa.Table]:
    """The interactions in portions of about PORTION rows, never a user's in two."""
    left: pa.Table | None = None
    with closing(connect()) as con:  # its own: the lists are written while this result is read
        reader = con.execute(f"FROM read_parquet({quote(features)})").to_arrow_reader(PORTION)
        for batch in reader:
            table = pa.Table.from_batches([batch]) if left is None else pa.concat_tables([left, pa.table(batch)])
            users = table["user_id"].to_numpy()
            cut = int(users.searchsorted(users[-1]))
            if cut:
                yield table.slice(0, cut)
            left = table.slice(cut)
    if left is not None and len(left):
        yield left


def gather(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Tables joined until they have FILE_ROWS."""
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(map(len, held)) >= FILE_ROWS:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)
