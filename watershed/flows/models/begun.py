"""A run of a model as it was begun: made once, at the edge, and handed from step to step."""

from dataclasses import dataclass, field

from watershed.lake.store import Store, open_store
from watershed.models.model import Model


@dataclass(frozen=True)
class ModelRun:
    """A run that trains a model or predicts with it. `id` names all that it leaves in the lake, the ledger and the
    registry; `actor` is who or what started it. `kept`: see step_files.py."""

    id: str
    model: Model
    actor: str
    store: Store
    kept: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False, kw_only=True)


def begin_model_run(model: Model, run_id: str, actor: str) -> ModelRun:
    return ModelRun(run_id, model, actor, open_store())
