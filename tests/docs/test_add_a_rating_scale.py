"""docs/add_a_rating_scale.md, followed to the letter in a copy of the repository."""

from pathlib import Path

import pytest

from tests.checkout import copy_repository
from tests.docs.page import REPOSITORY, read_blocks
from tests.docs.walk import follow
from tests.empty_lake import EmptyLake

PAGE = REPOSITORY / "docs" / "add_a_rating_scale.md"


@pytest.mark.servers
def test_a_second_scale_goes_as_the_page_says(lake: EmptyLake, tmp_path: Path) -> None:
    checkout = copy_repository(tmp_path / "watershed")
    for block in read_blocks(PAGE):
        follow(block, checkout)
