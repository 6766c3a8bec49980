"""docs/recommender.md and docs/add_a_model.md, followed to the letter in a copy of the repository."""

from pathlib import Path

import pytest

from models.recommender.training import LEAST_USERS
from tests.checkout import copy_repository
from tests.docs.page import REPOSITORY, read_blocks
from tests.docs.walk import follow
from tests.empty_lake import EmptyLake
from tests.flows.training import rate_by_taste
from watershed.flows.models.build_features import MOST_GROWTH
from watershed.flows.models.plan_training import ENOUGH_NEW

KIND, MODEL = REPOSITORY / "docs" / "recommender.md", REPOSITORY / "docs" / "add_a_model.md"


@pytest.mark.servers
def test_a_new_kind_and_another_model_go_as_the_pages_say(lake: EmptyLake, tmp_path: Path) -> None:
    rate_by_taste(range(1, 41))
    checkout = copy_repository(tmp_path / "watershed")
    blocks = read_blocks(KIND)
    assert {block.language for block in blocks} == {"python", "console", "diff", "sql", "text"}
    for block in blocks:
        if block.language not in ("sql", "text"):
            follow(block, checkout)
    for block in read_blocks(MODEL):
        follow(block, checkout)


def test_the_page_names_the_numbers_of_the_rules() -> None:
    text = KIND.read_text()
    assert f"fewer than {LEAST_USERS} users" in text
    assert MOST_GROWTH == 10
    assert "more than ten times the champion's interactions" in " ".join(text.split())
    assert f"{ENOUGH_NEW:.0%}".replace("%", " %") in (REPOSITORY / "dags" / "train_recommender.py").read_text()
