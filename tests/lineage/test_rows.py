"""The key of a result, pushed down to the rows that made it."""

import pytest

from watershed.lineage.columns import list_columns
from watershed.lineage.rows import find_input_rows
from watershed.warehouse.schema.marts import find_mart

KNOWN = {"core.a": ("x", "y", "at"), "core.b": ("x", "z", "tags"), "core.m": ("n",)}


@pytest.mark.parametrize(
    ("query", "key", "found"),
    [
        ("SELECT x, count(*) AS n FROM core.a GROUP BY x", {"x": 1}, {"core.a": "(x = '1')"}),
        ("SELECT x, count(*) AS n FROM core.a WHERE y > 1 GROUP BY x",
         {"x": None}, {"core.a": "(x IS NULL) AND (y > 1)"}),
        ("SELECT coalesce(x, 'none') AS x FROM core.a", {"x": "it's"}, {"core.a": "(COALESCE(x, 'none') = 'it''s')"}),
        ("WITH c AS (SELECT x AS k FROM core.a) SELECT k, count(*) AS n FROM c GROUP BY k",
         {"k": 1}, {"core.a": "(x = '1')"}),
        ("SELECT a.x, z FROM core.a JOIN core.b ON a.x = b.x",
         {"x": 1}, {"core.a": "(x = '1')", "core.b": "(x = '1')"}),
        ("SELECT x FROM core.a UNION ALL SELECT z FROM core.b",
         {"x": 1}, {"core.a": "(x = '1')", "core.b": "(z = '1')"}),
        ("SELECT unnest(tags) AS t FROM core.b", {"t": "u"}, {"core.b": "(list_contains(tags, 'u'))"}),
        ("SELECT sum(y) AS s FROM core.a", {"s": 3}, {"core.a": "true"}),
    ],
)  # fmt: skip
def test_conditions(query: str, key: dict[str, object], found: dict[str, str]) -> None:
    assert {rows.address: rows.where for rows in find_input_rows(query, KNOWN, key, None)} == found


def test_the_day_of_a_mart_is_followed() -> None:
    mart = find_mart("top_pages")
    key = {"requested_date": "2026-11-01", "path": "/a"}
    (rows,) = find_input_rows(mart.sql, list_columns(), key, ("requested_date", "2026-11-01"))
    assert set(rows.followed) == set(mart.key)
    assert "requested_at >= CAST('2026-11-01' AS DATE)" in rows.where


def test_what_cannot_be_followed_is_told() -> None:
    mart = find_mart("camera_shares")
    rows = {r.address: r for r in find_input_rows(mart.sql, list_columns(), {"maker": "m", "model": "n"}, None)}
    assert rows["core.cameras"].followed == ("maker", "model") and rows["core.photos"].followed == ()


def test_macros_are_named_as_such() -> None:
    mart = find_mart("photo_states")
    (rows,) = find_input_rows(mart.sql, list_columns(), {"photo_id": 1}, ("state_date", "2026-11-01"))
    assert (rows.address, rows.is_macro) == ("core.fold_photos", True)
