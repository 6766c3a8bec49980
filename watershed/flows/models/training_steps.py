"""What the steps of a training leave to each other: its features, the training, the judgement. A class each, which has
one writer and one reader."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from watershed.flows.models.begun import ModelRun
from watershed.flows.step_files import find_step, read_step, write_step
from watershed.models.outcomes import Judgement, Trained


@dataclass(frozen=True)
class Features:
    """What a run learns from: a Parquet file at `address`, made of the lake as of `snapshot`. `counts`: of its rows, by
    the name of the features, and of what the model has `counted`."""

    snapshot: int
    counts: dict[str, int]
    address: str
    ms: int

    def summarize(self) -> dict[str, int]:
        """What is told of them."""
        return {"snapshot": self.snapshot, **self.counts}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        # An engine of 0.1.0 wrote the counts beside the rest.
        rest = {name: count for name, count in told.items() if name not in ("snapshot", "address", "ms")}
        return cls(told["snapshot"], told.get("counts", rest), told["address"], told["ms"])


@dataclass(frozen=True)
class EndedTraining:
    """A training that has ended, and what decided its weights: code, libraries, features. `ms`: how long it took."""

    trained: Trained
    weights_uri: str
    libraries: dict[str, str]
    code_commit: str | None
    code_sha256: str
    features_sha256: str
    trained_at: datetime
    ms: int

    def to_json(self) -> dict[str, Any]:
        told = asdict(self) | {"trained_at": self.trained_at.isoformat()}
        return told.pop("trained") | told

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        # An engine of 0.1.0 wrote what is the model's own beside the rest.
        config, seed, weights = told["config"], told["seed"], told["weights_sha256"]
        trained = Trained(config, seed, weights, told.get("told", {}), told.get("own", told))
        names = ("weights_uri", "libraries", "code_commit", "code_sha256", "features_sha256", "ms")
        moment = datetime.fromisoformat(told["trained_at"])
        return cls(trained, trained_at=moment, **{name: told[name] for name in names})


@dataclass(frozen=True)
class Judged:
    """The judgement, and the number of the `champion` that the model was compared with, None where there was none."""

    judgement: Judgement
    champion: int | None
    ms: int

    def summarize(self) -> dict[str, str]:
        """What is told of it."""
        return {"state": self.judgement.state, "reason": self.judgement.reason}

    def to_json(self) -> dict[str, Any]:
        return asdict(self.judgement) | {"champion": self.champion, "ms": self.ms}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        return cls(Judgement(told["state"], told["reason"], told["metrics"]), told["champion"], told["ms"])


def write_features(run: ModelRun, features: Features) -> None:
    write_step(run, "features", asdict(features))


def find_features(run: ModelRun) -> Features | None:
    """None where none were built yet."""
    return Features.from_json(told) if (told := find_step(run, "features")) else None


def read_features(run: ModelRun) -> Features:
    """Raises InvalidInput for what a newer Watershed has written, NotFound for a run that has built none."""
    return Features.from_json(read_step(run, "features"))


def write_training(run: ModelRun, training: EndedTraining) -> None:
    write_step(run, "train_model", training.to_json())


def find_training(run: ModelRun) -> EndedTraining | None:
    """None where none has ended."""
    told = find_step(run, "train_model")
    return EndedTraining.from_json(told) if told and "told" in told else None


def read_training(run: ModelRun) -> EndedTraining:
    """Raises InvalidInput for what a newer Watershed has written, NotFound for a run that has trained nothing."""
    return EndedTraining.from_json(read_step(run, "train_model"))


def write_judged(run: ModelRun, judged: Judged) -> None:
    write_step(run, "judge_model", judged.to_json())


def read_judged(run: ModelRun) -> Judged:
    """Raises InvalidInput for what a newer Watershed has written, NotFound for a run that has judged nothing."""
    return Judged.from_json(read_step(run, "judge_model"))
