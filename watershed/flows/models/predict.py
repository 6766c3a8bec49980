"""Predict: the champion's best films for the users of a run, staged as Parquet. Nobody can see them yet.

Histories are read from the one version of the lake that the run chose, the weights stay as they were judged. A list
depends on the user's own history alone, so that predicting for some users or for all gives the same lists. Users are
taken in portions: memory does not grow with their number.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from contracts.predictions import TABLE as PREDICTIONS
from contracts.recommendations import TABLE as RECOMMENDATIONS
from models.recommender.features import features_sql
from watershed.flows.models.build_features import MODEL
from watershed.lake.store import Store, open_store, side_key, step_key, table_key
from watershed.models.registry import find_version
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import utc_now

if TYPE_CHECKING:
    from models.recommender import Model

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


def predict(run_id: str) -> dict[str, Any]:
    """Recommend for the users that `choose_users` chose. Leaves `features.parquet`, `catalogue.parquet`, and
    `predict.json` with the staged files. Returns counts.

    Raises InvalidInput when the weights are not those of the registry: nothing is published then.
    """
    from models.recommender.champion import load_version

    store = open_store()
    choice = store.read_json(step_key(run_id, "choose_users"))
    began = time.monotonic()
    with closing(connect()) as con:
        model = load_version(find_version(con, MODEL, choice["model_version"]))
        features = write_histories(con, choice, run_id, store)
        write_catalogue(con, model, store.address(side_key(run_id, "catalogue")))
        staged = stage_lists(con, model, choice, features, run_id, store)
    seconds = time.monotonic() - began
    store.write_json(step_key(run_id, "predict"), {**staged, "features": features, "ms": round(seconds * 1000)})
    return {"users": staged["users"], "recommendations": staged["rows"], "withdrawn": staged["withdrawn"]}


def write_histories(con: DuckDBPyConnection, choice: dict[str, Any], run_id: str, store: Store) -> str:
    """The features of the run's users, ordered by user, as Parquet beside the run's manifests. Returns its address."""
    features = store.address(side_key(run_id, "features"))
    users = f"read_parquet({quote(choice['file'])})" if choice["file"] else None
    query = features_sql(choice["snapshot"], users)
    con.execute(f"COPY (\n{query}\n) TO {quote(features)} (FORMAT parquet)")
    return features


def write_catalogue(con: DuckDBPyConnection, model: "Model", address: str) -> None:
    con.register("items", pa.table({"item_id": model.items, "place": pa.array(range(len(model.items)), pa.int64())}))
    con.execute(f"COPY (FROM items) TO {quote(address)} (FORMAT parquet)")
    con.unregister("items")


def stage_lists(
    con: DuckDBPyConnection, model: "Model", choice: dict[str, Any], features: str, run_id: str, store: Store
) -> dict[str, Any]:
    """Write the lists as files of both tables, a few portions of users a file."""
    now = utc_now()
    among = f"user_id IN (SELECT user_id FROM read_parquet({quote(choice['file'])}))" if choice["file"] else "true"
    names = {
        "now": now.isoformat(),
        "version": choice["model_version"],
        "snapshot": choice["snapshot"],
        "run": quote(run_id),
        "among": among,
        "features": quote(features),
    }
    best, lists = Stage(con, store, RECOMMENDATIONS.address, run_id), Stage(con, store, PREDICTIONS.address, run_id)
    for portion in gather(recommend(model, features, choice)):
        con.register("staged", portion)
        con.register("lists", join_films(portion))
        best.write("FROM staged")
        lists.write(LISTS.format(**names))
    users = lists.rows
    lists.write(WITHDRAWN.format(**names))
    files = {stage.address: stage.files for stage in (best, lists)}
    return {"files": files, "rows": best.rows, "users": users, "withdrawn": lists.rows - users, "predicted_at": now}


def join_films(best: pa.Table) -> pa.Table:
    """A row a user: user_id, film_ids. A user's rows are side by side, best first; DuckDB would sort them again."""
    users = best["user_id"].to_numpy()
    first = np.flatnonzero(np.r_[True, users[1:] != users[:-1]])
    offsets = pa.array(np.r_[first, len(users)].astype(np.int32))
    films = pa.ListArray.from_arrays(offsets, best["film_id"].combine_chunks())
    return pa.table({"user_id": users[first], "film_ids": films})


@dataclass
class Stage:
    """The files of a run for one table."""

    con: DuckDBPyConnection
    store: Store
    address: str
    run_id: str
    files: list[str] = field(default_factory=list)
    rows: int = 0

    def write(self, query: str) -> None:
        """Another file, unless it would be empty."""
        file = self.store.address(table_key(self.address, f"{self.run_id}-{uuid4().hex[:12]}"))
        ((written,),) = self.con.execute(f"COPY ({query}) TO {quote(file)} (FORMAT parquet)").fetchall()
        self.files += [file] if written else []
        self.rows += int(written)


def recommend(model: "Model", features: str, choice: dict[str, Any]) -> Iterator[pa.Table]:
    """Portions of ml.recommendations' rows."""
    schema = RECOMMENDATIONS.arrow_schema
    for histories in read_portions(features):
        users = histories["user_id"].unique()
        best = model.with_history(histories).recommend(users, TOP, as_of=model.as_of)
        about = {"model_version": choice["model_version"], "data_snapshot_id": choice["snapshot"]}
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
