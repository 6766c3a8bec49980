"""What the functions of a model's folder answer, so that the engine can keep it and go on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

# A JSON object whose keys are the model's own: the engine keeps it as it is.
Document: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Trained:
    """What a training has made: its `config`, a JSON text that names its `kind`, its `seed`, and the SHA-256 of its
    weights. `told`: what a reader of the log is told. `own`: what `judge` and `describe` need besides."""

    config: str
    seed: int
    weights_sha256: str
    told: Document = field(default_factory=dict)
    own: Document = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """Whether a trained model is the champion from now on or refused, and why, in one sentence. `metrics`: of the test,
    by name; one that is a figure is a dict with `value`, and where there is an interval `low` and `high`."""

    state: Literal["champion", "refused"]
    reason: str
    metrics: Document = field(default_factory=dict)

    @property
    def is_promoted(self) -> bool:
        return self.state == "champion"


@dataclass(frozen=True)
class MeasuredDrift:
    """Of ml.drifts: how far a quantity has moved, as a population stability index over so many values."""

    quantity: str
    psi: float
    is_drifted: bool
    value_count: int
