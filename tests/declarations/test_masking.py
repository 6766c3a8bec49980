"""What is masked keeps its form, and nothing else."""

import json

import pytest

from watershed.declarations import find_table
from watershed.declarations.masking import mask_quarantined, mask_text


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        (r'10.1.2.3 - Ann "GET /~ann HTTP/1.1" 200', r'99.9.9.9 - Xxx "GET /~xxx HTTP/1.1" 999'),
        (r"2024-03-05T13:44:14,586678,caf\xe9", r"2024-03-05T13:44:14,999999,xxx\xe9"),
        (r'{"user": "Ünsal", "id": null, "a', r'{"user": "Xxxxx", "id": null, "x'),
        ("anna@b.example", "xxxx@x.xxxxxxx"),
    ],
)
def test_lines_keep_their_form(line: str, masked: str) -> None:
    assert mask_text(line) == masked


def test_personal_fields_of_a_row_are_masked() -> None:
    row = json.dumps({"client_host": "10.1.2.3", "remote_user": None, "status": 999})
    masked = mask_quarantined(find_table("requests"), "between:status", row)
    assert masked == {"client_host": "99.9.9.9", "remote_user": None, "status": 999}


def test_unread_lines_are_masked_where_a_table_of_the_source_is_personal() -> None:
    """`core.film_titles` has nothing personal; the files that it comes from have ratings of users too."""
    assert mask_quarantined(find_table("film_titles"), "parse", '{"line": "17,x"}') == {"line": "99,x"}
