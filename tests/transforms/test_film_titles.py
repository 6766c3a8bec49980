"""Titles of films: by cases, by facts counted with other tools, by values that must come back, by naughty strings."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.lines import DATA, SAMPLE, check_case, list_cases, load_naughty_strings, stage_lines


@pytest.mark.parametrize("case", list_cases("film_titles"), ids=lambda path: path.stem)
def test_cases(case: Path) -> None:
    check_case(case)


def test_facts_of_real_titles() -> None:
    facts = json.loads((DATA / "ratings" / "facts.json").read_text())["10K"]
    content = (SAMPLE / "ratings_files" / "movietweetings_10k_movies.dat.gz").read_bytes()
    staged = stage_lines("ratings_files", content)
    rows = staged.good["film_titles"]
    assert staged.rejected == {"ratings": [], "film_titles": []}
    assert len(rows) == len({r["film_id"] for r in rows}) == facts["movies_rows"]
    assert sum(not r["genres"] for r in rows) == facts["movies_without_genre"]
    assert all(1890 < r["release_year"] < 2014 for r in rows)


def test_no_rating_is_a_title() -> None:
    """Whatever its film is called, and whatever is broken in it."""
    seconds = "1378367089"
    broken = [f"7::0111161::{rating}::{seconds}" for rating in ("n/a", "+5", "٥", "five", ".5", "", "(1999)")]
    staged = stage_lines("ratings_files", [f"5::Heat (1995)::4::{seconds}", f"5::tt0111161::4::{seconds}", *broken])
    assert staged.good["film_titles"] == []
    assert [row["film_id"] for row in staged.good["ratings"]] == ["Heat (1995)", "tt0111161"]
    assert len(staged.rejected["ratings"]) == len(broken)


WORD = st.text(st.characters(codec="utf-8", categories=["L"]), min_size=1, max_size=12)
TITLE = st.fixed_dictionaries(
    {
        "film_id": st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0:"), min_size=1, max_size=12),
        "title": st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0:()"), min_size=1, max_size=30),
        "release_year": st.integers(0, 9999),
        "genres": st.lists(WORD, max_size=4),
        "length_minutes": st.none() | st.integers(0, 2**31 - 1),
    }
)


def make_title(row: dict[str, Any]) -> str:
    length = "" if row["length_minutes"] is None else f"::{row['length_minutes']} min"
    return f"{row['film_id']}::{row['title']} ({row['release_year']:04})::{'|'.join(row['genres'])}{length}"


@given(st.lists(TITLE, min_size=1, max_size=20))
@settings(max_examples=30)
def test_what_was_listed_comes_back(titles: list[dict[str, Any]]) -> None:
    staged = stage_lines("ratings_files", [make_title(row) for row in titles])
    assert staged.rejected == {"ratings": [], "film_titles": []}
    assert staged.good["film_titles"] == [row | {"raw_line": n} for n, row in enumerate(titles, 1)]


def test_naughty_titles_come_back() -> None:
    texts = [text for text in load_naughty_strings() if text]
    staged = stage_lines("ratings_files", [f"7::{text} (1999)::Drama" for text in texts])
    good = {row["raw_line"]: row["title"] for row in staged.good["film_titles"]}
    assert good == dict(enumerate(texts, 1))
