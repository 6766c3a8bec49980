"""What is not a record is told, and is not kept whole in one column in silence."""

import io
import json
from typing import Any

import pytest

from tests.sources.test_documents import read_rows
from watershed.sources.json.forms import find_documents


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b'[1, [{}], null, "x", true, {}]', ["a number", "an array", "null", "a text", "true", None]),
        (b'["2026-11-01", 5]\n[3, {}]\n{"a": 1}\n[[{}]]\n', ["an array", "an array", None, "an array"]),
        (b"42\n", ["a number"]),
    ],
)
def test_what_is_not_an_object_is_not_a_record(content: bytes, what: list[str | None]) -> None:
    problems = [row["problem"] for row in read_rows(content)]
    assert problems == [kind and f"the document is not an object but {kind}" for kind in what]


@pytest.mark.parametrize(
    ("envelope", "path"),
    [
        ({"items": [{"id": "a"}, {"id": "b"}]}, "items"),
        ({"page": 1, "data": {"more": [], "photos": [{"title": "x"}]}}, "data.photos"),
        ({"total": 2, "photos": {"p1": {"title": "x"}, "p2": {"title": "y"}}}, "photos{id}"),
        ({"p1": {"title": "x"}, "p2": {"title": "y"}}, "{id}"),
        ({"items": [1, 2]}, None),
        ({"id": "a", "items": [{"id": "b"}]}, None),
        ({"photo": {"place": "x"}}, None),
    ],
    ids=json.dumps,
)
def test_an_envelope_that_nobody_declared_is_told(envelope: dict[str, Any], path: str | None) -> None:
    """And the path that the sentence names reads its records."""
    content = json.dumps(envelope).encode()
    [row] = read_rows(content)
    assert (row["problem"] or "").startswith(f"the document is an envelope: declare records={path!r} " if path else "")
    assert (row["problem"] is None) == (path is None)
    if path:
        assert all(d.problem is None for d in find_documents(io.BytesIO(content), path))
