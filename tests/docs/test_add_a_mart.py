"""docs/add_a_mart.md, followed to the letter in a copy of the repository."""

from pathlib import Path

import pytest

from tests.checkout import copy_repository, list_added, list_edited
from tests.docs.page import REPOSITORY, read_blocks
from tests.docs.walk import follow
from tests.empty_lake import EmptyLake

PAGE = REPOSITORY / "docs" / "add_a_mart.md"


@pytest.mark.servers
def test_a_mart_is_added_as_the_page_says(lake: EmptyLake, tmp_path: Path) -> None:
    checkout = copy_repository(tmp_path / "watershed")
    for block in read_blocks(PAGE):
        follow(block, checkout)
    assert list_edited(checkout) == []
    assert list_added(checkout) == [
        "docs/tables/mart.broken_links.md",
        "tests/warehouse/test_broken_links.py",
        "warehouse/marts/broken_links.sql",
        "web-2026-11-01.log",
    ]
