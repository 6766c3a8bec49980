"""Requests for recommendations: by cases, by values that must come back, by naughty strings."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.lines import check_case, list_cases, load_naughty_strings, stage_lines


@pytest.mark.parametrize("case", list_cases("recommendation_requests"), ids=lambda path: path.stem)
def test_cases(case: Path) -> None:
    check_case(case)


FILM = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0, "), min_size=1, max_size=15)
FIELDS = {
    "requested_at": st.datetimes(datetime(1970, 1, 1)).map(lambda t: t.replace(microsecond=0)),
    "user_id": st.integers(0, 2**63 - 1),
    "server": FILM,
    "response_ms": st.none() | st.integers(0, 2**63 - 1),
}
ANSWERED = {"status": st.just(200), "film_ids": st.lists(FILM, min_size=1, max_size=20), "error": st.none()}
FAILED = {
    "status": st.integers(400, 599),
    "film_ids": st.just([]),
    "error": st.none() | FILM.map("failed, {} !".format),
}
REQUEST = st.fixed_dictionaries(FIELDS | ANSWERED) | st.fixed_dictionaries(FIELDS | FAILED)


def make_request(row: dict[str, Any], comma: str) -> str:
    result = comma.join(row["film_ids"]) or row["error"] or ""
    took = "" if row["response_ms"] is None else f"{comma}{row['response_ms']} ms"
    return comma.join(
        [
            row["requested_at"].isoformat(),
            str(row["user_id"]),
            f"recommendation request {row['server']}",
            f"status {row['status']}",
            f"result: {result}{took}",
        ]
    )


@given(st.lists(st.tuples(REQUEST, st.sampled_from([",", ", "])), min_size=1, max_size=20))
@settings(max_examples=30)
def test_what_was_answered_comes_back(requests: list[tuple[dict[str, Any], str]]) -> None:
    staged = stage_lines("watch_logs", [make_request(row, comma) for row, comma in requests])
    assert all(not rejected for rejected in staged.rejected.values())
    assert staged.good["recommendation_requests"] == [row | {"raw_line": n} for n, (row, _) in enumerate(requests, 1)]


@pytest.mark.parametrize("status", [200, 500])
def test_naughty_results_come_back(status: int) -> None:
    texts = [text for text in load_naughty_strings() if not text.startswith(" ")]
    form = "2020-06-25T13:46:02,1,recommendation request r:1, status {}, result: {}, 143 ms"
    staged = stage_lines("watch_logs", [form.format(status, text) for text in texts])
    assert all(not rejected for rejected in staged.rejected.values())
    rows = {row["raw_line"]: row for row in staged.good["recommendation_requests"]}
    assert len(rows) + len(staged.records) - staged.records["problem"].null_count >= len(texts)
    for number, row in rows.items():
        assert row["error"] == (texts[number - 1] or None) or row["film_ids"] == texts[number - 1].split(",")
        assert row["response_ms"] == 143
