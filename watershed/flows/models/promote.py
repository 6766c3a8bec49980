"""A person's word on which version predicts: promote any version, or go back to the one before."""

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from watershed.declarations.registry import MODELS
from watershed.errors import InvalidInput, NotFound
from watershed.flows.models.register import crown, hold_registry, register
from watershed.flows.prepare import prepare_tables
from watershed.models.model import Model
from watershed.models.registry import Version, find_champion, find_version, list_versions
from watershed.warehouse.connection import connect


@dataclass(frozen=True)
class ChampionChange:
    """The `version` that is the champion now, the one that has `retired` for it (None where there was none), and the
    `snapshot` that says so."""

    version: int
    retired: int | None
    snapshot: int


def promote(model: Model, number: int, actor: str, why: str) -> ChampionChange:
    """Make a version the champion, whatever its state, after its weights were read. Raises NotFound for a version that
    is not there, InvalidInput when it is champion already, or when its weights are damaged.
    """
    prepare_tables([MODELS])
    with hold_registry(model.name):
        with closing(connect()) as con:
            version, champion = find_version(con, model.name, number), find_champion(con, model.name)
        if champion and champion.model_version == number:
            raise InvalidInput(f"version {number} of {model.name} is the champion already")
        return change_champion(model, version, champion, actor, f"promoted by {actor}: {why}")


def roll_back(model: Model, actor: str, why: str) -> ChampionChange:
    """Make the version champion that the champion has replaced. Raises as `promote`, and NotFound when there was no
    champion before.
    """
    prepare_tables([MODELS])
    with hold_registry(model.name):
        with closing(connect()) as con:
            champion, versions = find_champion(con, model.name), list_versions(con, model.name)
        if champion is None:
            raise NotFound(f"{model.name} has no champion yet: `watershed run {model.train_dag}` trains one")
        before = find_replaced(champion, versions)
        return change_champion(model, before, champion, actor, f"rolled back to by {actor}: {why}")


def find_replaced(champion: Version, versions: list[Version]) -> Version:
    """The version that retired in the moment in which the champion became one. Raises NotFound."""
    for version in versions:
        if version.state == "retired" and version.changed_at == champion.changed_at:
            return version
    number = champion.model_version
    raise NotFound(f"version {number} replaced no champion: `watershed models` lists versions to promote")


def change_champion(
    model: Model, version: Version, champion: Version | None, actor: str, reason: str
) -> ChampionChange:
    model.training.load_version(version)
    run_id = f"promote.{model.name}.{version.model_version}.{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"
    known = champion.model_version if champion else None
    snapshot = register(crown(version, reason, champion), run_id, actor, known, version.data_snapshot_id)
    return ChampionChange(version.model_version, known, snapshot)
