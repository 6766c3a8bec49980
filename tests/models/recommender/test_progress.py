"""Trainings that are watched, killed, begun again and shared: all end with the same weights."""

import json
import math
import re
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from models.recommender import load
from models.recommender.__main__ import main, read_table
from models.recommender.card import draw_curves
from models.recommender.config import FactorsConfig, ItemItemConfig
from models.recommender.evaluate import split_last
from models.recommender.interactions import prepare
from models.recommender.progress import (
    Point,
    fit_recorded,
    identify_training,
    list_files,
    read_checkpoint,
    remove_checkpoints,
    write_checkpoint,
)
from tests.architecture.house import ROOT
from tests.empty_lake import EmptyLake
from watershed.lake.store import open_store

CONFIG = FactorsConfig(factors=16, epochs=6)
SLOW = '{"kind": "factors", "factors": 32, "epochs": 25}'
PNG = b"\x89PNG"


def make_table(users: int = 500, seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    user = rng.integers(0, users, users * 10)
    item = (rng.zipf(1.4, len(user)) * 3 + user % 3) % 200
    return pa.table({"user_id": user, "item_id": item, "interacted_at": rng.integers(0, 10**7, len(user))})


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return make_table()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "interactions.parquet"
    pq.write_table(make_table(1000), path)
    return path


def run(*arguments: str, processes: int = 1) -> dict[str, Any]:
    """What the program prints."""
    launcher = [sys.executable, "-m"]
    if processes > 1:
        launcher += ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m"]
    command = [*launcher, "models.recommender", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.mark.servers
def test_a_killed_training_ends_with_the_same_weights(lake: EmptyLake, file: Path, tmp_path: Path) -> None:
    """kill -9 in the middle of training, twice; states lie on S3."""
    states = open_store().address("models/recommender/checkpoints/killed/")
    command = [sys.executable, "-m", "models.recommender", str(file), "--config", SLOW, "--checkpoints", states]
    killed: list[int] = []
    for _ in range(2):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_epochs(states, process, more_than=max(killed, default=0) + 2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed.append(find_epoch(states))
    assert 2 < killed[0] < killed[1] < 25
    resumed = run(str(file), "--config", SLOW, "--checkpoints", states, "--out", str(tmp_path / "resumed"))
    whole = run(str(file), "--config", SLOW, "--out", str(tmp_path / "whole"))
    assert resumed["sha256"] == whole["sha256"]
    assert resumed["metrics"] == whole["metrics"]
    assert list_files(states) == []


def wait_for_epochs(states: str, process: subprocess.Popen[bytes], more_than: int) -> None:
    until = time.monotonic() + 60
    while find_epoch(states) <= more_than:
        assert process.poll() is None, "the training was over before it could be killed"
        assert time.monotonic() < until, "no state was written within a minute"
        time.sleep(0.01)


def find_epoch(states: str) -> int:
    """The newest epoch of which there is a state."""
    return max((int(re.findall(r"epoch-(\d+)", name)[0]) for name in list_files(states)), default=0)


def test_two_processes_train_the_same_factors(tmp_path: Path) -> None:
    """There are several blocks of users and of items, so that both have something to do."""
    file = tmp_path / "many.parquet"
    pq.write_table(make_table(9000), file)
    config = '{"kind": "factors", "factors": 16, "epochs": 5}'
    alone = run(str(file), "--config", config, "--out", str(tmp_path / "alone"))
    shared = run(str(file), "--config", config, "--out", str(tmp_path / "shared"), processes=2)
    assert alone["metrics"] == shared["metrics"]
    one, other = (load(str(tmp_path / name)).weights for name in ("alone", "shared"))
    for name in one:
        torch.testing.assert_close(one[name].abs(), other[name].abs(), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(one["items"] @ one["items"].T, other["items"] @ other["items"].T, rtol=1e-4, atol=1e-4)


def test_the_program_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process, since another one takes seconds to import torch."""
    bad = tmp_path / "bad.csv"
    bad.write_text("user_id,item_id\n")
    for arguments, sentence in (
        ((str(tmp_path / "none.parquet"),), "there is no file"),
        ((str(ROOT / "README.md"),), "is no .parquet, .csv or .dat file"),
        ((str(bad),), "no interactions"),
        ((str(bad), "--config", '{"kind": "magic"}'), "there is no kind of model 'magic'"),
    ):
        monkeypatch.setattr(sys, "argv", ["models.recommender", *arguments])
        assert main() == 1
        told = capsys.readouterr()
        assert told.err.startswith("error: ") and sentence in told.err and told.out == ""


def test_an_interrupted_training_goes_on_with_its_curve(
    table: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, held_out = split_last(table)
    whole, curve = fit_recorded(train, CONFIG, held_out, is_shown=False)
    interrupt(train, tmp_path, monkeypatch, after=4)
    resumed, rest = fit_recorded(train, CONFIG, held_out, str(tmp_path / "states"), is_shown=False)
    assert all(torch.equal(whole.weights[name], resumed.weights[name]) for name in whole.weights)
    assert [(p.epoch, p.loss) for p in rest] == [(p.epoch, p.loss) for p in curve]
    assert [p.metric for p in rest][4:] == [p.metric for p in curve][4:]
    assert all(a.seconds <= b.seconds for a, b in pairwise(rest))


def interrupt(train: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Stop a training right after an epoch's state was written."""
    from models.recommender import progress as module

    def write(uri: str, training: str, curve: list[Point], weights: dict[str, torch.Tensor]) -> None:
        write_checkpoint(uri, training, curve, weights)
        if len(curve) == after:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_checkpoint", write)
        with pytest.raises(KeyboardInterrupt):
            fit_recorded(train, CONFIG, checkpoints=str(tmp_path / "states"), is_shown=False)


@pytest.mark.parametrize("other", ["config", "interactions"])
def test_states_of_another_training_do_not_count(
    table: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    interrupt(table, tmp_path, monkeypatch, after=3)
    config = FactorsConfig(factors=16, epochs=6, regularization=0.5) if other == "config" else CONFIG
    changed = make_table(seed=1) if other == "interactions" else table
    expected, _ = fit_recorded(changed, config, is_shown=False)
    found, _ = fit_recorded(changed, config, checkpoints=str(tmp_path / "states"), is_shown=False)
    assert torch.equal(expected.weights["items"], found.weights["items"])


def test_the_newest_whole_state_counts(tmp_path: Path) -> None:
    """A damaged file is passed over; no more than two are kept."""
    uri = str(tmp_path / "states")
    curve = []
    for epoch in (1, 2, 3):
        curve.append(Point(epoch, 1 / epoch, None, float(epoch)))
        write_checkpoint(uri, "mine", curve, {"items": torch.full((2, 2), float(epoch))})
    assert [Path(file).name for file in sorted(list_files(uri))] == [f"epoch-0000{n}.safetensors" for n in (2, 3)]
    newest = tmp_path / "states" / "epoch-00003.safetensors"
    newest.write_bytes(newest.read_bytes()[:-3])
    found = read_checkpoint(uri, "mine")
    assert found is not None
    assert found[0] == curve[:2] and found[1]["items"][0, 0] == 2
    assert read_checkpoint(uri, "another's") is None
    remove_checkpoints(uri)
    assert read_checkpoint(uri, "mine") is None


def test_a_training_is_its_config_and_interactions(table: pa.Table) -> None:
    one, other = prepare(table), prepare(make_table(seed=1))
    names = {identify_training(one, CONFIG), identify_training(one, FactorsConfig()), identify_training(other, CONFIG)}
    assert len(names) == 3
    assert identify_training(prepare(table), CONFIG) in names


def test_the_bar_tells_loss_metric_rate_and_time_left(
    table: pa.Table, capsys: pytest.CaptureFixture[str]
) -> None:
    train, held_out = split_last(table)
    _, curve = fit_recorded(train, CONFIG, held_out)
    shown = capsys.readouterr().err
    assert f"loss={curve[-1].loss:.6g}" in shown
    assert f"NDCG@10={curve[-1].metric:.4f}" in shown
    assert re.search(r"100%.*\[\d+:\d+<\d+:\d+, .*interaction/s", shown)


@pytest.mark.parametrize("config", [CONFIG, ItemItemConfig()], ids=lambda config: config.kind)
def test_curves_are_a_picture(table: pa.Table, config: FactorsConfig | ItemItemConfig) -> None:
    train, held_out = split_last(table)
    _, curve = fit_recorded(train, config, held_out, is_shown=False)
    assert [point.epoch for point in curve] == list(range(1, len(curve) + 1))
    assert all(point.metric is not None and 0 < point.metric < 1 for point in curve)
    assert config.kind == "item_item" or all(math.isfinite(point.loss) for point in curve)
    assert draw_curves(curve, config.kind).startswith(PNG)
    assert draw_curves([], "nothing").startswith(PNG)


def test_files_of_all_kinds_are_read(table: pa.Table, tmp_path: Path) -> None:
    pq.write_table(table, tmp_path / "a.parquet")
    pa.csv.write_csv(table, tmp_path / "a.csv")
    for name in ("a.parquet", "a.csv"):
        assert read_table(str(tmp_path / name)).equals(table)
    ratings = read_table(str(ROOT / "tests" / "data" / "ratings" / "movietweetings_100k_ratings.dat.gz"))
    assert ratings.num_rows == 100_000
    assert ratings.to_pylist()[0] == {"user_id": 1, "item_id": "1074638", "interacted_at": 1365029107}
