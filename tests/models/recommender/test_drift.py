"""How far two distributions are apart: by hand, and through the relations that models see."""

import json
import math

import duckdb
import pytest

from models.recommender.drift import compare, describe, find_edges, measure_psi


def test_psi_by_hand() -> None:
    assert measure_psi([10, 20, 30], [10, 20, 30]) == 0
    assert measure_psi([100, 200], [1000, 2000]) == pytest.approx(0, abs=1e-5)
    then, now = [0.505 / 1.01, 0.505 / 1.01], [0.905 / 1.01, 0.105 / 1.01]
    by_hand = sum((after - before) * math.log(after / before) for before, after in zip(then, now, strict=True))
    assert measure_psi([50, 50], [90, 10]) == pytest.approx(by_hand)
    assert measure_psi([100, 0], [0, 100]) > 5
    assert measure_psi([0, 0], [5, 5]) == measure_psi([5, 5], [0, 0]) == 0


def test_psi_is_symmetric_and_positive() -> None:
    assert measure_psi([7, 3, 90], [40, 20, 40]) == pytest.approx(measure_psi([40, 20, 40], [7, 3, 90]))


@pytest.mark.parametrize(
    ("values", "edges"),
    [
        ("range(100)", [10, 20, 30, 40, 50, 60, 70, 80, 90]),
        ("(SELECT 1 AS range)", [1]),
        ("(SELECT unnest([1, 1, 1, 1, 1, 1, 2, 2, 3, 9]) AS range)", [2, 3]),
        ("(SELECT 1 AS range WHERE false)", []),
    ],
)
def test_bins_hold_about_as_many_values_each(values: str, edges: list[float]) -> None:
    found = find_edges(duckdb.connect(), f"SELECT range AS value FROM {values}")
    assert found == pytest.approx(edges, abs=1)


def show(con: duckdb.DuckDBPyConnection, users: int, films: int, days: int, score: float) -> None:
    """`users` users with three films each of the `films` first, over so many days."""
    con.execute(
        f"""CREATE OR REPLACE VIEW interactions AS SELECT range // 3 AS user_id, 'film' || (range % {films}) AS item_id,
            TIMESTAMP '2026-01-01' + INTERVAL (range % {days}) DAY AS interacted_at FROM range({3 * users})"""
    )
    con.execute("CREATE OR REPLACE VIEW items AS SELECT 'film' || range AS item_id, range AS place FROM range(100)")
    con.execute(f"CREATE OR REPLACE VIEW best AS SELECT {score} + range / 100 AS score FROM range({users})")


def test_what_moved_is_found() -> None:
    con = duckdb.connect()
    show(con, 1000, 100, 300, 1)
    reference = json.loads(json.dumps(describe(con)))
    assert {(one.quantity, one.is_drifted, round(one.psi, 9)) for one in compare(con, reference)} == {
        (quantity, False, 0) for quantity in ("interactions_per_user", "popularity_rank", "interacted_at", "best_score")
    }
    show(con, 1000, 160, 300, 1)  # 60 films that training did not know
    assert list_drifted(con, reference) == ["popularity_rank"]
    show(con, 1000, 100, 30, 1)
    assert list_drifted(con, reference) == ["interacted_at"]
    show(con, 1000, 100, 300, 9)
    assert list_drifted(con, reference) == ["best_score"]
    show(con, 100, 160, 30, 9)  # few values are mostly chance
    assert list_drifted(con, reference) == []


def list_drifted(con: duckdb.DuckDBPyConnection, reference: dict[str, object]) -> list[str]:
    return [one.quantity for one in compare(con, reference) if one.is_drifted]
