"""The card and where the code is from: what people are told of a version."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.recommender import summarize, training
from models.recommender.card import write_card
from tests.quality.staged import GOOD
from watershed.models.origin import find_commit
from watershed.models.registry import Version

RANKS, GROUPS = np.array([0, 3, 50, 9]), np.array(["new", "light", "light", "heavy"])


def make_version(**changes: Any) -> Version:
    own = summarize(RANKS, GROUPS)
    champion = {"version": 1, **summarize(RANKS + 1, GROUPS)}
    metrics = own | {"baselines": {"popularity": summarize(RANKS + 2, GROUPS), "champion": champion}}
    metrics["by_time"] = {"moment": "2020-06-01T00:00:00", "popularity": own, **own}
    metrics |= {"validation": {"item_item": own, "factors": own}}
    libraries = {"torch": "2.13.0", "processor": "a fast one"}
    told = {"code_commit": "c0ffee", "metrics_json": json.dumps(metrics), "libraries_json": json.dumps(libraries)}
    return Version(**GOOD["models"] | told | changes)


def test_a_card_tells_what_it_is_how_good_and_where_it_ends() -> None:
    card = write_card(make_version())
    assert card.startswith("# recommender, version 2\n")
    assert "**refused**, because it is worse than the champion" in card
    assert "snapshot 17: 1,000 interactions" in card
    assert "| this version | 0.7500 (" in card
    assert "| version 1, champion until then | 0.5000 (" in card
    assert "| | users | this version | version 1, champion until then | popularity |" in card.replace("|  |", "| |")
    assert all(f"\n| {name} | " in card for name in ("new", "light", "heavy", "item_item", "factors"))
    assert all(text in card for text in ("c0ffee", "torch 2.13.0", "a fast one", "(curves.png)", "## Limits"))
    assert "before 2020-06-01T00:00:00 only" in card
    assert "| the same kind and config | 0.7500 (" in card
    assert "watershed reproduce 2" in card


def test_the_first_version_has_nobody_beside_it() -> None:
    metrics = json.dumps(summarize(RANKS) | {"baselines": {"popularity": summarize(RANKS)}})
    card = write_card(make_version(parent_version=None, metrics_json=metrics, code_commit=None))
    assert "nothing, it is the first" in card
    assert "champion until then" not in card
    assert "commit unknown" in card
    assert "too little before and after" in card


def test_code_that_decides_weights_decides_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = tmp_path / "kinds" / "item_item.py"
    kind.parent.mkdir()
    kind.write_text("one = 1\n")
    (tmp_path / "card.py").write_text("one = 1\n")
    monkeypatch.setattr(training, "FOLDER", tmp_path)
    before = training.hash_code()
    (tmp_path / "card.py").write_text("one = 2\n")
    assert training.hash_code() == before
    kind.write_text("one = 2\n")
    assert training.hash_code() != before
    monkeypatch.setattr("watershed.models.origin.find_project", lambda: tmp_path)
    assert find_commit() is None


def test_the_commit_of_a_place_without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATERSHED_COMMIT", "abc")
    assert find_commit() == "abc"
