"""docs/add_a_topic.md, followed to the letter in a copy of the repository."""

from pathlib import Path
from typing import Any

import pytest

from tests.checkout import copy_repository, list_edited
from tests.docs.page import REPOSITORY, read_blocks
from tests.docs.walk import follow
from tests.empty_lake import EmptyLake
from watershed.sources.topics.encoded_values import load_readers

PAGE = REPOSITORY / "docs" / "add_a_topic.md"


@pytest.mark.servers
def test_the_first_half_hour_goes_as_the_page_says(lake: EmptyLake, tmp_path: Path) -> None:
    """The command `up` makes the lake's own topics here, those of the declared streams too."""
    lake.topics.extend(f"{lake.topic_prefix}{topic}" for topic in ("photo-comments", "photo-events", "watch-events"))
    checkout = copy_repository(tmp_path / "watershed")
    blocks = read_blocks(PAGE)
    assert {block.language for block in blocks} == {"text", "console", "diff", "python"}
    for block in blocks:
        if block.language != "python":
            follow(block, checkout, lake.topic_prefix)
    assert list_edited(checkout) == []


def test_schemas_are_declared_as_the_page_says() -> None:
    [block] = [block for block in read_blocks(PAGE) if block.language == "python"]
    declared: dict[str, Any] = {}
    exec(block.text, declared)
    assert load_readers(declared["SCHEMAS"]).keys() == {1, 2, 3}
