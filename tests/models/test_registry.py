"""Versions as the registry tells them."""

from typing import Any

import duckdb
import pyarrow as pa
import pytest

from tests.quality.staged import GOOD
from watershed.models.registry import find_champion, find_version, list_versions


def open_registry(*changes: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    rows = [{"code_commit": None, **GOOD["models"], "metrics_json": '{"users": 20}', **change} for change in changes]
    con = duckdb.connect()
    con.register("rows", pa.Table.from_pylist(rows))
    con.execute("CREATE SCHEMA ml; CREATE TABLE ml.models AS FROM rows")
    return con


def spell(number: int, state: str) -> dict[str, Any]:
    return {"model_version": number, "state": state}


def test_versions_of_one_model_in_their_order() -> None:
    con = open_registry(spell(3, "champion"), spell(1, "retired"), {"model_name": "another", "state": "champion"})
    assert [version.model_version for version in list_versions(con, "recommender")] == [1, 3]
    assert [version.model_version for version in list_versions(con, "another")] == [2]


def test_the_champion_is_the_one_that_predicts() -> None:
    con = open_registry(spell(1, "retired"), spell(2, "champion"), spell(3, "refused"))
    champion = find_champion(con, "recommender")
    assert champion is not None
    assert (champion.model_version, champion.metrics) == (2, {"users": 20})
    assert find_champion(open_registry(spell(1, "refused")), "recommender") is None


def test_two_champions_are_no_answer() -> None:
    con = open_registry(spell(1, "champion"), spell(2, "champion"))
    with pytest.raises(LookupError, match=r"several champions in ml\.models: 1, 2; promote one"):
        find_champion(con, "recommender")


def test_a_version_that_is_not_there() -> None:
    assert find_version(open_registry(spell(1, "refused")), "recommender", 1).state == "refused"
    with pytest.raises(LookupError, match="there is no version 4 of recommender: the versions are 1, 2"):
        find_version(open_registry(spell(1, "retired"), spell(2, "champion")), "recommender", 4)
    with pytest.raises(LookupError, match="no version 1 of painter: there is no version yet"):
        find_version(open_registry(spell(1, "retired")), "painter", 1)
