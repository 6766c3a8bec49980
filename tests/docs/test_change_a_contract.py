"""docs/change_a_contract.md: its commands print what it shows."""

from pathlib import Path

import pytest

from tests.checkout import copy_repository
from tests.docs.page import REPOSITORY, read_blocks
from tests.docs.walk import follow
from tests.empty_lake import EmptyLake

PAGE = REPOSITORY / "docs" / "change_a_contract.md"


@pytest.mark.servers
def test_the_page_does_as_it_says(lake: EmptyLake, tmp_path: Path) -> None:
    checkout = copy_repository(tmp_path / "watershed")
    for block in read_blocks(PAGE):
        follow(block, checkout)
