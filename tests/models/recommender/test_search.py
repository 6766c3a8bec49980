"""The search of hyper-parameters: judged by validation only, the best first, and the winner can be read again."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.recommender import search
from models.recommender.config import FactorsConfig, ItemItemConfig, PopularityConfig, read_config
from models.recommender.interactions import split_last
from tests.architecture.house import ROOT


@pytest.fixture
def table() -> pa.Table:
    rng = np.random.default_rng(0)
    user = rng.integers(0, 200, 2000)
    item = (rng.zipf(1.4, len(user)) * 3 + user % 3) % 100
    return pa.table({"user_id": user, "item_id": item, "interacted_at": rng.integers(0, 10**7, len(user))})


def test_the_best_comes_first_and_defaults_are_tried(table: pa.Table) -> None:
    trials = search.search(table, seconds=3)
    found = [trial.ndcg_at_10 for trial in trials]
    assert found == sorted(found, reverse=True)
    assert {PopularityConfig(), ItemItemConfig(), FactorsConfig()} <= {trial.config for trial in trials}


def test_the_test_is_never_looked_at(table: pa.Table, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[pa.Table, pa.Table]] = []

    def judge(config: FactorsConfig, train: pa.Table, validation: pa.Table) -> search.Trial:
        seen.append((train, validation))
        return search.Trial(config, 0.5, 0.5, 0.1)

    monkeypatch.setattr(search, "judge", judge)
    search.search(table, seconds=0)
    pairs = {(row["user_id"], row["item_id"]) for row in split_last(table)[1].to_pylist()}
    train, validation = seen[0]
    assert pairs.isdisjoint((row["user_id"], row["item_id"]) for row in (*train.to_pylist(), *validation.to_pylist()))
    assert len(train) + len(validation) + len(pairs) == len(split_last(table)[0]) + len(split_last(table)[1])


@pytest.mark.parametrize("kind", list(search.RANGES), ids=lambda kind: kind.kind)
def test_drawn_configs_stay_in_their_ranges(kind: type[FactorsConfig]) -> None:
    rng = np.random.default_rng(0)
    config = search.draw_anywhere(kind, rng)
    for _ in range(100):
        config = search.draw_near(search.Trial(config, 0.1, 0.1, 0.1), rng)
        for name, (low, high) in search.RANGES[kind].items():
            value = getattr(config, name)
            assert type(value) is type(getattr(kind(), name))
            assert low * 0.95 <= value <= high * 1.05


def test_the_program_prints_a_table_and_leaves_the_winner(table: pa.Table, tmp_path: Path) -> None:
    pq.write_table(table, tmp_path / "a.parquet")
    arguments = [str(tmp_path / "a.parquet"), "--minutes", "0.03", "--out", str(tmp_path / "winner.json")]
    command = [sys.executable, "-m", "models.recommender.search", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    best = done.stdout.splitlines()[1]
    winner = read_config((tmp_path / "winner.json").read_text())
    assert json.loads(best.split(maxsplit=3)[3]) == json.loads((tmp_path / "winner.json").read_text())
    assert winner.kind in best
    assert "best factors:" in done.stdout
