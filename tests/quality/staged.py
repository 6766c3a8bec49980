"""Staged rows for tests: a view `staged` of the contract's columns, filled from a good row and what differs from it."""

from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from watershed.declarations import find_table, load_features
from watershed.declarations.table import Table

AS_OF = datetime(2020, 7, 1, 12)
AT = datetime(2020, 6, 25, 13, 44, 14)
VERSION: dict[str, Any] = {
    "created_at": AT,
    "updated_at": AT,
    "valid_from": AT,
    "valid_to": None,
    "is_current": True,
    "is_deleted": False,
}

GOOD: dict[str, dict[str, Any]] = {
    "requests": {
        "requested_at": AT,
        "client_host": "10.0.0.1",
        "method": "GET",
        "path": "/img13.jpg",
        "protocol": "HTTP/1.1",
        "status": 200,
        "response_bytes": 17,
    },
    "watch_minutes": {"watched_at": AT, "user_id": 7, "film_id": "toy+story+3+2010", "minute": 46},
    "ratings": {"rated_at": AT, "user_id": 7, "film_id": "toy+story+3+2010", "rating": 4, "rating_max": 5},
    "recommendation_requests": {
        "requested_at": AT,
        "user_id": 7,
        "server": "recommender-12:8082",
        "status": 200,
        "film_ids": ["toy+story+3+2010", "ignition+2002"],
        "response_ms": 143,
    },
    "film_titles": {"film_id": "0114709", "title": "Toy Story", "release_year": 1995, "genres": []},
    "photo_documents": {"document_id": "1U6", "tags": [], "other": "{}", "content_sha256": "ab" * 32},
    "photo_events": {
        "event_id": "e1",
        "kind": "addPhoto",
        "photo_id": 9,
        "user_id": 7,
        "path": "/st/u7/1U6.jpg",
        "version": 1,
        "leader": "u7-phone1",
        "occurred_at": AT,
        "received_at": AT,
        "stamp": "00000000000000000001|2020-06-25T13:44:14.000000|u7-phone1|e1",
    },
    "users": {"user_id": 7, "user_name": "Ada", "email": "ada@example.org", "country": "GB", **VERSION},
    "cameras": {"camera_id": 3, "user_id": 7, "maker": "Nokia", "model": "808", **VERSION},
    "photos": {
        "photo_id": 9,
        "user_id": 7,
        "camera_id": 3,
        "path": "/st/u7/1U6.jpg",
        "file_bytes": 1000,
        "uploaded_at": AT,
        **VERSION,
    },
    "interactions": {"user_id": 7, "item_id": "toy+story+3+2010", "interacted_at": AT},
    "recommendations": {
        "user_id": 7,
        "rank": 1,
        "film_id": "toy+story+3+2010",
        "score": 0.7,
        "model_version": 1,
        "data_snapshot_id": 4,
    },
    "predictions": {
        "predicted_at": AT,
        "user_id": 7,
        "film_ids": ["toy+story+3+2010", "ignition+2002"],
        "model_version": 1,
        "data_snapshot_id": 4,
        "run_id": "predict-1",
    },
    "drifts": {
        "measured_at": AT,
        "run_id": "predict-1",
        "model_version": 1,
        "quantity": "interacted_at",
        "psi": 0.1,
        "is_drifted": False,
        "value_count": 1000,
    },
    "models": {
        "model_name": "recommender",
        "model_version": 2,
        "state": "refused",
        "reason": "it is worse than the champion",
        "weights_uri": "s3://lake/models/recommender/2/weights.safetensors",
        "weights_sha256": "ab" * 32,
        "config_json": '{"kind": "item_item", "seed": 0}',
        "seed": 0,
        "libraries_json": "{}",
        "code_sha256": "cd" * 32,
        "features_sha256": "ef" * 32,
        "data_snapshot_id": 17,
        "row_count": 1000,
        "metrics_json": "{}",
        "parent_version": 1,
        "run_id": "run-7",
        "trained_at": AT,
        "changed_at": AT,
    },
}


def find_good_row(name: str) -> dict[str, Any]:
    """The good row of a table; where none is written, as for one that was added, some value of every type."""
    if name in GOOD:
        return GOOD[name]
    table = load_features().get(name) or find_table(name)
    return {c.name: make_value(c.type) for c in table.columns} | (VERSION if table.replaces == "key" else {})


def make_value(kind: pa.DataType) -> Any:
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return AT
    if pa.types.is_list(kind):
        return []
    if isinstance(kind, pa.JsonType):
        return "{}"
    try:
        return pa.scalar(b"x" if pa.types.is_binary(kind) else "1").cast(kind).as_py()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # a struct, a time of day
        return None


def stage_rows(con: duckdb.DuckDBPyConnection, name: str, *changes: dict[str, Any]) -> Table:
    """Make the view `staged` with a row for each of the changes, on lines 1, 2, ... of one raw object."""
    table = load_features().get(name) or find_table(name)
    rows = [{**find_good_row(name), "raw_object": "raw/x/1", "raw_line": n, **c} for n, c in enumerate(changes, 1)]
    columns = [pa.array([row.get(c.name) for row in rows], format_storage(c.type)) for c in table.all_columns]
    con.from_arrow(pa.table(columns, [c.name for c in table.all_columns])).create("staged_rows")
    con.execute("CREATE TEMP VIEW staged AS SELECT * FROM staged_rows")
    return table


def format_storage(kind: pa.DataType) -> pa.DataType:
    return kind.storage_type if isinstance(kind, pa.JsonType) else kind
