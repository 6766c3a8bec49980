"""Runs of predict_recommendations for tests, and ratings to predict from."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa

from models.recommender import MODEL
from tests.models.published import NOON, make_rating
from watershed.flows.models.begun import ModelRun, begin_model_run
from watershed.flows.models.changed_units import NothingDue, choose_units
from watershed.flows.models.drift import measure_drift
from watershed.flows.models.predict import predict
from watershed.flows.models.publish_predictions import check_predictions, publish_predictions
from watershed.lake.store import open_store, table_key
from watershed.settings import load_settings
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.publish import hold_lock
from watershed.warehouse.schema.copying import add_files

ROWS = "SELECT user_id, rank, film_id, score, model_version FROM ml.recommendations ORDER BY ALL"
FILMS = [f"film{n}" for n in range(40)]


def begin(run_id: str) -> ModelRun:
    return begin_model_run(MODEL, run_id, "test")


def run(run_id: str, force: bool = False) -> dict[str, Any]:
    """A run of the DAG: the choice, with what was published if anything was."""
    choice = choose_units(begin(run_id), force)
    if isinstance(choice, NothingDue):
        return asdict(choice)
    predict(begin(run_id))
    measure_drift(begin(run_id))
    check_predictions(begin(run_id))
    return asdict(choice) | publish_predictions(begin(run_id)).summarize()


def ask(query: str) -> list[Any]:
    return connect().execute(query).fetchall()


def land(raw_object: str, users: range, seed: int, replacing: bool = False) -> None:
    """Ratings as a publish puts them: a registered file, in place of what the object held before."""
    rng = np.random.default_rng(seed)
    rows = [
        make_rating(user, FILMS[film], NOON + timedelta(minutes=int(rng.integers(10_000))))
        for user in users
        for film in rng.choice(len(FILMS), rng.integers(1, 8), replace=False, p=np.arange(40, 0, -1) / 820)
    ]
    con = connect()
    con.register("rows", pa.Table.from_pylist(rows))
    file = open_store().address(table_key("core.ratings", f"{raw_object}-{uuid4().hex}"))
    query = f"""
        SELECT * REPLACE (rating::INT AS rating, rating_max::INT AS rating_max), NULL::VARCHAR AS event_id,
               {quote(raw_object)} AS raw_object, row_number() OVER () AS raw_line
        FROM rows"""
    con.execute(f"COPY ({query}) TO {quote(file)} (FORMAT parquet)")
    with hold_lock(load_settings()):
        con.begin()
        if replacing:
            con.execute("DELETE FROM core.ratings WHERE raw_object = ?", [raw_object])
        add_files(con, "core.ratings", (file,))
        con.commit()
