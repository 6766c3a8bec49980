"""Features: what the recommender learns from, as one query over the lake at one version of it."""

import hashlib
from pathlib import Path

import pyarrow as pa
from duckdb import DuckDBPyConnection

from contracts.interactions import FEATURES

QUERY = Path(__file__).with_name("features.sql")
INPUTS = ("core.ratings", "core.watch_minutes")


def read_features(con: DuckDBPyConnection, snapshot: int | None = None, users: str | None = None) -> pa.Table:
    """The interactions, with the columns of FEATURES, ordered by user_id, interacted_at, item_id.

    `snapshot`: the version of the lake, the present one by default. `users`: a relation with a column user_id; only
    the interactions of those users are read.
    """
    found = con.execute(features_sql(snapshot, users)).to_arrow_table()
    return found.cast(FEATURES.arrow_schema)


def write_features(con: DuckDBPyConnection, address: str, snapshot: int | None = None) -> int:
    """Write them as Parquet, in that order, without holding them in memory. Returns the number of rows."""
    quoted = address.replace("'", "''")
    written = con.execute(f"COPY (\n{features_sql(snapshot)}\n) TO '{quoted}' (FORMAT parquet)").fetchone()
    return int(written[0]) if written else 0


def features_sql(snapshot: int | None = None, users: str | None = None) -> str:
    """The query of features.sql over the core tables at a version of the lake."""
    at = "" if snapshot is None else f" AT (VERSION => {int(snapshot)})"
    among = f" WHERE user_id IN (SELECT user_id FROM {users})" if users else ""
    inputs = (f"{name.partition('.')[2]} AS NOT MATERIALIZED (FROM {name}{at}{among})" for name in INPUTS)
    return f"WITH {', '.join(inputs)}\nSELECT * FROM (\n{QUERY.read_text()}\n)"


def hash_features() -> str:
    """SHA-256 of what decides the features: the contract's columns in their order, and the query."""
    columns = "\n".join(f"{column.name} {column.type} {column.nullable}" for column in FEATURES.columns)
    return hashlib.sha256(f"{columns}\n{QUERY.read_text()}".encode()).hexdigest()
