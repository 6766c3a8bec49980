"""docs/add_a_source.md, followed to the letter in a copy of the repository."""

from pathlib import Path

import pytest

from tests.checkout import copy_repository, list_edited
from tests.docs.page import REPOSITORY, read_blocks
from tests.docs.walk import follow
from tests.empty_lake import EmptyLake

PAGE = REPOSITORY / "docs" / "add_a_source.md"


@pytest.mark.servers
def test_the_first_half_hour_goes_as_the_page_says(lake: EmptyLake, tmp_path: Path) -> None:
    checkout = copy_repository(tmp_path / "watershed")
    blocks = read_blocks(PAGE)
    assert {block.language for block in blocks} == {"text", "console", "diff"}
    for block in blocks:
        follow(block, checkout)
    assert list_edited(checkout) == []
