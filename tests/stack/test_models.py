"""`watershed models`, `promote`, `rollback` and `reproduce`, and a training without Airflow."""

import json

import pytest

from tests.empty_lake import EmptyLake
from tests.flows.training import rate_by_taste, run_training
from watershed.cli.main import main

pytestmark = pytest.mark.servers


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command prints. One that fails prints one line."""
    code = main([*words])
    printed = capsys.readouterr()
    assert code == (1 if printed.err.startswith("watershed: ") else 0)
    assert not code or printed.err.count("\n") == 1
    return printed.out if code == 0 else printed.err


def test_versions_from_the_command_line(lake: EmptyLake, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no version yet; `watershed run train_recommender` trains" in run(capsys, "models")
    assert "recommender has no champion yet" in run(capsys, "models", "rollback")
    assert "there are no interactions at snapshot" in run_quietly(capsys, "run", "train_recommender", "--in-process")
    rate_by_taste(range(1, 41))
    shown = run_quietly(capsys, "run", "train_recommender", "--in-process")
    assert [line.split()[0] for line in shown.splitlines() if not line.startswith("      ")] == [
        *("build_features", "check_features", "train_model", "judge_model", "publish_model", "version")
    ]
    assert "version 1 is champion: it is the first" in shown
    assert "version 1 replaced no champion" in run(capsys, "models", "rollback")
    rate_by_taste(range(41, 61), seed=1)
    run_training("run-2")

    first, second = json.loads(run(capsys, "models", "--format", "json"))
    assert (first["version"], first["state"]) == (1, "retired")
    assert (second["version"], second["state"]) == (2, "champion")
    assert 0 < second["ndcg_at_10_low"] < second["ndcg_at_10"] < second["ndcg_at_10_high"]
    assert "champion" in run(capsys, "models")
    card = run(capsys, "models", "1")
    assert card.startswith("# recommender, version 1\n")
    assert "\nNow: retired, since 20" in card
    assert card.rstrip().endswith("version 2 took its place")

    promoted = run(capsys, "models", "promote", "1", "--reason", "a trial")
    assert "version 1 is the champion, version 2 is retired" in promoted
    rolled_back = run(capsys, "models", "rollback", "--reason", "it is over")
    assert "version 2 is the champion, version 1 is retired" in rolled_back
    assert "version 2 of recommender is the champion already" in run(capsys, "models", "promote", "2")
    assert "there is no version 7 of recommender" in run(capsys, "reproduce", "7")
    assert "version 1 is reproduced: the same weights, to the last bit" in run_quietly(capsys, "reproduce", "1")


def run_quietly(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Without the progress bars, which are on the error output too."""
    code = main([*words])
    printed = capsys.readouterr()
    return printed.out if code == 0 else printed.err
