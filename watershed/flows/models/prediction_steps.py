"""What the steps of a run of predictions leave to each other: the choice, the rows, how far the data has moved; and
what the checks of trainings and predictions have found. A class each, which has one writer and one reader."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from watershed.flows.models.begun import ModelRun
from watershed.flows.step_files import read_step, write_step
from watershed.models.run import Choice, Last
from watershed.warehouse.ledger.rows import CheckRow


@dataclass(frozen=True)
class Predicted:
    """What a run has predicted: by table the addresses of the staged `files`, and how many `rows` it replaces in the
    first. `counts`: what the model tells of it. `features`: the file that it was predicted from; `references`: files
    that rules compare with, by name. `ms`: how long it took."""

    files: dict[str, list[str]]
    rows: int
    counts: dict[str, int]
    features: str
    references: dict[str, str]
    ms: int


@dataclass(frozen=True)
class Drifted:
    """The `files` of ml.drifts that a run has staged, and the quantities that have `drifted`. `has_drifted`: whether
    one of them had not when last measured for this version. `psi`: the largest index."""

    files: list[str]
    rows: int
    drifted: list[str]
    has_drifted: bool
    psi: float


@dataclass(frozen=True)
class CheckedRules:
    """What a check has found, as rows for ledger.checks, and how long it took."""

    checks: list[CheckRow]
    ms: int

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        return cls([CheckRow(**one) for one in told["checks"]], told["ms"])


def write_choice(run: ModelRun, choice: Choice) -> None:
    write_step(run, "choose_units", asdict(choice))


def read_choice(run: ModelRun) -> Choice:
    """Raises InvalidInput for what a newer Watershed has written, NotFound for a run that has nothing to predict."""
    told = read_step(run, "choose_units")
    return Choice(**told | {"last": Last(**told["last"]) if told["last"] else None})


def write_predicted(run: ModelRun, predicted: Predicted) -> None:
    write_step(run, "predict", asdict(predicted))


def read_predicted(run: ModelRun) -> Predicted:
    """Raises InvalidInput for what a newer Watershed has written, NotFound for a run that has predicted nothing."""
    return Predicted(**read_step(run, "predict"))


def write_drifted(run: ModelRun, drifted: Drifted) -> None:
    write_step(run, "drift", asdict(drifted))


def read_drifted(run: ModelRun) -> Drifted:
    """Raises InvalidInput for what a newer Watershed has written, NotFound for a run that has not measured it."""
    return Drifted(**read_step(run, "drift"))


def write_checks(run: ModelRun, step: str, checked: CheckedRules) -> None:
    """`step`: check_features or check_predictions."""
    write_step(run, step, asdict(checked))


def read_checks(run: ModelRun, step: str) -> CheckedRules:
    """Raises InvalidInput for what a newer Watershed has written, NotFound for a run that has checked nothing."""
    return CheckedRules.from_json(read_step(run, step))
