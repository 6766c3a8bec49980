"""Ratings: by cases, by facts counted with other tools, by values that must come back, by naughty strings."""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.ratings import SCALES, TABLE, Scale
from tests.transforms.lines import DATA, SAMPLE, check_case, list_cases, load_naughty_strings, stage_lines
from transforms.ratings import read_file_lines


@pytest.mark.parametrize("case", list_cases("ratings"), ids=lambda path: path.stem)
def test_cases(case: Path) -> None:
    check_case(case)


def test_facts_of_real_ratings() -> None:
    facts = json.loads((DATA / "ratings" / "facts.json").read_text())["10K"]
    content = (SAMPLE / "ratings_files" / "movietweetings_10k_ratings.dat.gz").read_bytes()
    staged = stage_lines("ratings_files", content)
    rows, films = staged.good["ratings"], Counter(r["film_id"] for r in staged.good["ratings"])
    users, times = Counter(r["user_id"] for r in rows), [r["rated_at"] for r in rows]
    assert staged.rejected == {"ratings": [], "film_titles": []}
    assert (len(rows), len(users), len(films)) == (facts["ratings"], facts["users"], facts["items"])
    assert Counter(str(r["rating"]) for r in rows) == facts["rating_histogram"]
    assert sum(r["rating"] for r in rows) / len(rows) == pytest.approx(facts["mean_rating"])
    assert [f"{t.isoformat()}+00:00" for t in (min(times), max(times))] == [facts["min_ts"], facts["max_ts"]]
    assert len({t.date() for t in times}) == facts["utc_days"]
    assert [[film, n] for film, n in films.most_common(5)] == facts["top5_items"]
    assert (sum(n == 1 for n in users.values()), max(users.values())) == (facts["users_with_1_rating"], 110)
    assert len({(r["user_id"], r["film_id"]) for r in rows}) == len(rows) - facts["duplicate_user_item"]


RATING = st.fixed_dictionaries(
    {
        "rated_at": st.datetimes(datetime(1970, 1, 1)).map(lambda t: t.replace(microsecond=0)),
        "user_id": st.integers(0, 2**63 - 1),
        "film_id": st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0,/:="), min_size=1, max_size=15),
        "rating": st.integers(-(2**31), 2**31 - 1),
    }
)


def format_streamed(row: dict[str, Any]) -> str:
    return "{},{user_id},GET /rate/{film_id}={rating}".format(row["rated_at"].isoformat(), **row)


def format_filed(row: dict[str, Any]) -> str:
    epoch = int((row["rated_at"] - datetime(1970, 1, 1)).total_seconds())
    return f"{row['user_id']}::{row['film_id']}::{row['rating']}::{epoch}"


@given(st.lists(RATING, min_size=1, max_size=20))
@settings(max_examples=30)
def test_what_was_rated_comes_back(ratings: list[dict[str, Any]]) -> None:
    for source, spell, best in (("watch_logs", format_streamed, 5), ("ratings_files", format_filed, 10)):
        staged = stage_lines(source, [spell(row) for row in ratings])
        assert all(not rejected for rejected in staged.rejected.values())
        assert staged.good["ratings"] == [row | {"rating_max": best, "raw_line": n} for n, row in enumerate(ratings, 1)]


@pytest.mark.parametrize(
    ("scale", "given", "steps"),
    [
        (Scale(1, 5), ["1", "5", "5.0", "0"], [(1, 5), (5, 5), (5, 5), (0, 5)]),
        (Scale(0.5, 5, steps=2), ["0.5", "4.5", "5", "3.50"], [(1, 10), (9, 10), (10, 10), (7, 10)]),
        (Scale(0, 10, steps=10), ["4.3", "10", "0.1", "-1"], [(43, 100), (100, 100), (1, 100), (-10, 100)]),
    ],
)
def test_a_source_has_a_scale(scale: Scale, given: list[str], steps: list[tuple[int, int]]) -> None:
    """5 of 5 is not 5 of 10, and half a star is a step."""
    assert read_ratings(scale, given) == [(*step, None) for step in steps]


@pytest.mark.parametrize(
    ("scale", "given"), [(Scale(1, 5), "4.5"), (Scale(0.5, 5, steps=2), "4.25"), (Scale(0, 10), "0.0001")]
)
def test_what_is_between_two_steps_is_rejected(scale: Scale, given: str) -> None:
    ((_, _, problem),) = read_ratings(scale, [given])
    assert problem == "rating is between two steps of its source's scale"


def read_ratings(scale: Scale, given: list[str]) -> list[tuple[int, int, str | None]]:
    """Rating, best rating and problem of lines with these ratings."""
    lines = pa.table({"line": [f"1::2::{rating}::1363245118" for rating in given]})
    told = {"raw_object": ibis.literal("raw/x"), "raw_line": ibis.literal(1), "event_id": ibis.null("string")}
    with duckdb.connect() as con:
        con.register("records", lines)
        rows = read_file_lines(ibis.table(ibis.Schema({"line": "string"}), name="records").mutate(**told), scale)
        return con.execute(str(ibis.to_sql(rows.select("rating", "rating_max", "problem"), "duckdb"))).fetchall()


def test_every_source_of_ratings_has_a_scale() -> None:
    assert set(SCALES) == {source.name for source in TABLE.sources}


@pytest.mark.parametrize(
    ("source", "form", "strange"),
    [("watch_logs", "2020-06-25T13:45,1,GET /rate/{}=4", ",/"), ("ratings_files", "1::{}::4::1363245118", ":")],
)
def test_naughty_films_come_back_or_are_rejected(source: str, form: str, strange: str) -> None:
    texts = load_naughty_strings()
    staged = stage_lines(source, [form.format(text) for text in texts])
    good = {row["raw_line"]: row["film_id"] for row in staged.good["ratings"]}
    assert good == {n: text for n, text in enumerate(texts, 1) if text and not set(text) & set(strange)}
