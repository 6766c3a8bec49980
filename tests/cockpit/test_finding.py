"""Tables and columns are found by a few words."""

import pytest

from watershed.cockpit.questions.finding import MOST, find_hits


@pytest.mark.parametrize(
    ("words", "best"),
    [
        ("users", "core.users"),
        ("top_pages", "mart.top_pages"),
        ("client_host", "core.requests.client_host"),
        ("CORE.RATINGS rating", "core.ratings.rating"),
        ("photos_now", "core.photos_now"),
        ("#device-clock", "core.photo_events.occurred_at"),
        ("device-clock", "core.photo_events.occurred_at"),
    ],
)
def test_the_best_comes_first(words: str, best: str) -> None:
    assert find_hits(words)[0].name == best


def test_all_words_must_be_there() -> None:
    assert find_hits("") == find_hits("  ") == find_hits("users zebra") == []
    assert len(find_hits("a")) == MOST
    assert all("web-platform" in hit.owner for hit in find_hits("web-platform path"))
    assert all("films" in hit.tags for hit in find_hits("#films"))
    assert not find_hits("photos_now")[0].is_listed  # a view has no page of its own
