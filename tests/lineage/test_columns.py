"""Every column of every table is followed to what it is made of: by hand for some, by rule for all."""

from dataclasses import replace

import pyarrow as pa
import pytest

from watershed.declarations import find_table, list_tables
from watershed.declarations.table import Column
from watershed.lineage.columns import list_columns, list_queries, trace_columns, trace_table
from watershed.lineage.graph import draw_graph, find_dependents, find_origins, list_row_dependents
from watershed.lineage.origins import ColumnOrigin
from watershed.lineage.queries import trace_query

TRACED = [address for address in list_columns() if not address.startswith("ledger.")]
KNOWN = {"core.a": ("x", "y", "at"), "core.b": ("x", "z"), "core.m": ("n",)}


def spell(origins: tuple[ColumnOrigin, ...]) -> list[str]:
    return [f"{o.address}.{o.column} {o.how}" for o in origins]


@pytest.mark.parametrize("address", TRACED)
def test_lineage_has_the_columns_of_the_table(address: str) -> None:
    assert tuple(trace_columns(address).columns) == list_columns()[address]


@pytest.mark.parametrize("address", TRACED)
def test_origins_are_columns_that_exist(address: str) -> None:
    lineage = trace_columns(address)
    for origin in {o for origins in (*lineage.columns.values(), lineage.rows) for o in origins}:
        assert origin.column in list_columns().get(origin.address, (origin.column,)), origin
        assert origin.address in list_columns() or origin.address.startswith("raw/"), origin


@pytest.mark.parametrize("address", list_queries())
def test_a_query_names_no_more_than_it_declares(address: str) -> None:
    """The headers, which the graph is drawn from, and the SQL agree."""
    inputs = {name for name in trace_columns(address).inputs if not name.startswith("ledger.")}
    assert inputs <= {*draw_graph().before[address], address}


@pytest.mark.parametrize(
    ("query", "column", "origins"),
    [
        ("SELECT x FROM core.a", "x", ["core.a.x copied"]),
        ("SELECT x + y AS s FROM core.a", "s", ["core.a.x computed", "core.a.y computed"]),
        ("SELECT sum(y) AS s FROM core.a", "s", ["core.a.y aggregated"]),
        ("SELECT count(*) AS n FROM core.a WHERE y > 1", "n", []),
        ("WITH c AS (SELECT max(y) AS m FROM core.a) SELECT m + 1 AS m FROM c", "m", ["core.a.y aggregated"]),
        ("SELECT * EXCLUDE (y) FROM core.a", "at", ["core.a.at copied"]),
        ("SELECT z FROM core.a JOIN core.b USING (x)", "z", ["core.b.z copied"]),
        ("SELECT x FROM core.a UNION ALL SELECT z FROM core.b", "x", ["core.a.x copied", "core.b.z copied"]),
        ("SELECT x, y FROM core.a UNION ALL BY NAME SELECT z AS y, x FROM core.b", "y",
         ["core.a.y copied", "core.b.z copied"]),
        ("SELECT i FROM core.a, unnest(y) AS u(i)", "i", ["core.a.y computed"]),
        ("SELECT (SELECT max(z) FROM core.b WHERE b.x = a.x) AS m FROM core.a", "m",
         ["core.a.x aggregated", "core.b.x aggregated", "core.b.z aggregated"]),
        ("SELECT n FROM core.m(1, DATE '2026-01-01')", "n", ["core.m.n copied"]),
        ("FROM core.b", "z", ["core.b.z copied"]),
        ("SELECT y AS p, p + 1 AS q FROM core.a", "q", ["core.a.y computed"]),
    ],
)  # fmt: skip
def test_sql(query: str, column: str, origins: list[str]) -> None:
    assert spell(trace_query(query, KNOWN).columns[column]) == origins


def test_rows_depend_on_conditions_joins_and_groups() -> None:
    query = "SELECT x, sum(z) AS s FROM core.a JOIN core.b USING (x) WHERE at > 1 GROUP BY ALL HAVING count(y) > 1"
    rows = [f"{o.address}.{o.column}" for o in trace_query(query, KNOWN).rows]
    assert rows == ["core.a.at", "core.a.x", "core.a.y", "core.b.x"]


def test_transforms() -> None:
    requests = trace_columns("core.requests").columns
    assert spell(requests["status"]) == ["raw/access_logs.fields computed", "raw/access_logs.line computed"]
    dated = [f"raw/access_logs.{part} computed" for part in ("day", "fields", "line")]
    assert spell(requests["requested_at"]) == dated
    documents = trace_columns("core.photo_documents").columns
    assert spell(documents["title"]) == ["raw/photo_documents.known.title computed"]
    path = trace_columns("core.photos").columns["path"]  # a history continues itself
    assert spell(path) == ["core.photos.path copied", "raw/accounts.path copied"]


def test_a_database_may_call_its_columns_as_ours_are() -> None:
    users, theirs = find_table("users"), Column("their_line", pa.string(), "Theirs", source_name="raw_line")
    columns = trace_table(replace(users, columns=(*users.columns, theirs))).columns
    assert spell(columns["their_line"]) == ["core.users.their_line copied", "raw/accounts.raw_line copied"]
    assert spell(columns["raw_line"]) == ["core.users.raw_line copied", "raw/accounts.raw_line_ copied"]


def test_a_column_of_a_mart_is_followed_to_the_raw_objects() -> None:
    found = [(steps, o.address, o.column, o.how) for steps, o in find_origins("mart.storage_by_user", "file_bytes")]
    assert found == [
        (1, "core.photos", "file_bytes", "aggregated"),
        (2, "raw/accounts", "file_bytes", "copied"),
    ]


def test_what_depends_on_a_column() -> None:
    dependents = {(o.address, o.column) for _, o in find_dependents("core.ratings", "rating")}
    assert ("mart.film_ratings", "rating_share_mean") in dependents
    assert ("mart.film_ratings", "rating_count") not in dependents
    assert "mart.film_ratings" in list_row_dependents("core.ratings", "film_id")


def test_the_graph_leads_from_raw_objects_to_predictions_and_back_to_a_mart() -> None:
    graph = draw_graph()
    after = graph.list_downstream("raw/watch_logs")
    assert {"features.interactions", "ml.models", "ml.predictions", "mart.recommendation_quality_daily"} <= set(after)
    assert graph.list_upstream("mart.top_pages") == ["core.requests", "raw/access_logs"]
    assert graph.list_upstream("core.photo_events") == ["raw/photo_events", "topic/photo_events"]


def test_what_models_make_is_described() -> None:
    made = [table.address for table in list_tables() if table.is_made]
    assert [address for address in made if not trace_columns(address).inputs] == []


def test_unknown_names_are_told_apart() -> None:
    with pytest.raises(LookupError, match=r"there is no table 'core\.nothing'"):
        find_origins("core.nothing", "x")
    with pytest.raises(LookupError, match=r"there is no column of core\.requests 'staus': did you mean status"):
        find_origins("core.requests", "staus")
