"""Minutes watched: by cases, against an independent reading of broken lines, by naughty strings."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.lines import check_case, list_cases, load_naughty_strings, stage_lines

LINE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+), ?([0-9]+), ?GET /data/m/([^/,]+)/([0-9]+)\.mpg", re.ASCII)
TIME_FORMATS = {16: "%Y-%m-%dT%H:%M", 19: "%Y-%m-%dT%H:%M:%S"}


@pytest.mark.parametrize("case", list_cases("watch_minutes"), ids=lambda path: path.stem)
def test_cases(case: Path) -> None:
    check_case(case)


def read_line(line: str) -> dict[str, Any] | None:
    """The values of a line as Python reads them, None where it is not of the form."""
    if (m := LINE.fullmatch(line)) is None or int(m[2]) >= 2**63 or int(m[4]) >= 2**31:
        return None
    try:
        watched_at = datetime.strptime(m[1], TIME_FORMATS[len(m[1])])
    except (ValueError, KeyError):
        return None
    return {"watched_at": watched_at, "user_id": int(m[2]), "film_id": m[3], "minute": int(m[4])}


FILM = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0,/"), min_size=1, max_size=15)
TIME = st.datetimes(datetime(1000, 1, 1)).map(lambda t: t.isoformat(timespec="seconds"))
COMMA = st.sampled_from([",", ", "])
NUMBER = st.integers(0, 2**31 - 1) | st.sampled_from([2**31, 2**63 - 1, 2**63])
GOOD_LINE = st.builds(
    "{0}{3}{1}{3}GET /data/m/{2}/{4}.mpg".format, TIME | TIME.map(lambda t: t[:16]), NUMBER, FILM, COMMA, NUMBER
)


@st.composite
def broken_lines(draw: st.DrawFn) -> str:
    """A good line in which a few characters were lost, doubled or replaced."""
    line = draw(GOOD_LINE)
    for _ in range(draw(st.integers(0, 2))):
        at, length = draw(st.integers(0, len(line))), draw(st.integers(0, 3))
        line = line[:at] + draw(st.text(" \t,/0189-:.TZeE+_x", max_size=2)) + line[at + length :]
    return line


@given(st.lists(broken_lines().filter(lambda line: line.strip() and not line.startswith("0000")), max_size=40))
@settings(max_examples=50)
def test_lines_mean_what_python_reads(lines: list[str]) -> None:
    staged = stage_lines("watch_logs", lines)
    expected = {number: read_line(line) for number, line in enumerate(lines, 1)}
    assert staged.good["watch_minutes"] == [row | {"raw_line": n} for n, row in expected.items() if row is not None]
    assert [n for n, _ in staged.rejected["watch_minutes"]] == [n for n, row in expected.items() if row is None]


def test_naughty_films_come_back_or_are_rejected() -> None:
    texts = load_naughty_strings()
    staged = stage_lines("watch_logs", [f"2020-06-25T13:44:14,1,GET /data/m/{text}/7.mpg" for text in texts])
    good = {row["raw_line"]: row["film_id"] for row in staged.good["watch_minutes"]}
    assert good == {n: text for n, text in enumerate(texts, 1) if text and not set(text) & set(",/")}
