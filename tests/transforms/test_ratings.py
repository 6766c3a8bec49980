"""Ratings: by cases, by facts counted with other tools, by values that must come back, by naughty strings."""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.lines import DATA, SAMPLE, check_case, list_cases, load_naughty_strings, stage_lines


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


def spell_streamed(row: dict[str, Any]) -> str:
    return "{},{user_id},GET /rate/{film_id}={rating}".format(row["rated_at"].isoformat(), **row)


def spell_filed(row: dict[str, Any]) -> str:
    epoch = int((row["rated_at"] - datetime(1970, 1, 1)).total_seconds())
    return f"{row['user_id']}::{row['film_id']}::{row['rating']}::{epoch}"


@given(st.lists(RATING, min_size=1, max_size=20))
@settings(max_examples=30, deadline=None)
def test_what_was_rated_comes_back(ratings: list[dict[str, Any]]) -> None:
    for source, spell, best in (("watch_logs", spell_streamed, 5), ("ratings_files", spell_filed, 10)):
        staged = stage_lines(source, [spell(row) for row in ratings])
        assert all(not rejected for rejected in staged.rejected.values())
        assert staged.good["ratings"] == [row | {"rating_max": best, "raw_line": n} for n, row in enumerate(ratings, 1)]


@pytest.mark.parametrize(
    ("source", "form", "strange"),
    [("watch_logs", "2020-06-25T13:45,1,GET /rate/{}=4", ",/"), ("ratings_files", "1::{}::4::1363245118", ":")],
)
def test_naughty_films_come_back_or_are_rejected(source: str, form: str, strange: str) -> None:
    texts = load_naughty_strings()
    staged = stage_lines(source, [form.format(text) for text in texts])
    good = {row["raw_line"]: row["film_id"] for row in staged.good["ratings"]}
    assert good == {n: text for n, text in enumerate(texts, 1) if text and not set(text) & set(strange)}
