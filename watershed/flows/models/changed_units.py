"""Which predictions are out of date: with the same champion, those of units (users, say) whose features changed.

What changed is read from the lake's change feed, whose cost is that of the changed files. A replaced raw object is its
old rows deleted and its new ones inserted: units for which both are the same are not concerned. Compaction changes
nothing, and the feed knows that. Of a model without units all is predicted when any input has changed.
"""

from contextlib import closing
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from watershed.declarations.registry import DRIFTS, MODELS
from watershed.errors import InvalidInput
from watershed.flows.models.begun import ModelRun
from watershed.flows.models.prediction_steps import write_choice
from watershed.flows.prepare import prepare_tables
from watershed.lake.store import side_key
from watershed.models.model import Model
from watershed.models.registry import Version, find_champion
from watershed.models.run import Choice, Last
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import fetch_column
from watershed.warehouse.publish import read_snapshot, transact
from watershed.warehouse.schema.copying import find_beginning

NO_CHANGE = "no features changed since the last predictions, and the champion is the same"

LAST = """
    SELECT snapshot_id, input_snapshot_id, (SELECT max(model_version) FROM {address})
    FROM ledger.inputs WHERE table_name = '{address}' ORDER BY snapshot_id DESC LIMIT 1
"""
KNOWN = "SELECT snapshot_id FROM __ducklake_metadata_lake.ducklake_snapshot WHERE snapshot_id IN (?, ?)"


@dataclass(frozen=True)
class NothingDue:
    """A run that has nothing to predict, and why."""

    why: str


def choose_units(run: ModelRun, is_forced: bool = False) -> Choice | NothingDue:
    """Decide what this run predicts for, with which version, from which version of the lake. Leaves `choose_units.json`
    and, unless it is for all, `units.parquet`. Raises InvalidInput when the champion was trained on other features than
    this code reads.
    """
    model, file = run.model, run.store.address(side_key(run.id, "units"))
    prepare_tables([*model.inputs, *(table.address for table in model.tables), MODELS, DRIFTS])
    with closing(connect()) as con, transact(con):  # one transaction: champion, last run and changes as of one snapshot
        if (champion := find_champion(con, model.name)) is None:
            return NothingDue(f"there is no champion yet: {model.train_dag} promotes one")
        require_features(model, champion)
        snapshot, last = read_snapshot(con), find_last(con, model)
        reason = "everybody was asked for" if is_forced else explain_all(con, model, champion, last)
        first = None if reason or last is None else find_first(con, model, last.data_snapshot)
        units = None if first is None else write_changed(con, model, first, snapshot, file)
        if units and model.unit is None:
            units, reason = None, "what is learned from changed"
    if units == 0:
        return NothingDue(NO_CHANGE)
    why, listed = reason or "their features changed", None if units is None else file
    choice = Choice(units, why, listed, snapshot, champion.model_version, is_forced, last)
    write_choice(run, choice)
    return choice


def require_features(model: Model, champion: Version) -> None:
    if champion.features_sha256 != model.hash_features():
        raise InvalidInput(
            f"version {champion.model_version} of {model.name} was trained on other features than "
            f"{model.query.name} now makes: train again with `watershed run {model.train_dag}`"
        )


def find_last(con: DuckDBPyConnection, model: Model) -> Last | None:
    row = con.execute(LAST.format(address=model.lists.address)).fetchone()
    return Last(*row) if row else None


def explain_all(con: DuckDBPyConnection, model: Model, champion: Version, last: Last | None) -> str | None:
    """Why all is due; None when what changed is enough."""
    if last is None:
        return "nothing has been predicted before"
    if last.model_version != champion.model_version:
        return f"version {champion.model_version} is a new champion"
    if find_first(con, model, last.data_snapshot) is None:
        what = "has expired, or a table was made anew since"
        return f"snapshot {last.data_snapshot}, which the last predictions were made from, {what}"
    return None


def find_first(con: DuckDBPyConnection, model: Model, last: int) -> int | None:
    """The first snapshot whose changes count: the one after `last`, or `last` again where that one has expired.

    None where `last` itself has: what was deleted since may be gone; and where a table was made anew since.
    """
    if any(find_beginning(con, address) > last for address in model.inputs):
        return None
    kept = fetch_column(con, KNOWN, [last, last + 1])
    if last not in kept:
        return None
    return last + 1 if last + 1 in kept or last == read_snapshot(con) else last


def write_changed(con: DuckDBPyConnection, model: Model, first: int, snapshot: int, file: str) -> int:
    """Write the units whose features changed in these snapshots, both included. Returns how many; of a model without
    units 1 where anything has changed."""
    if first > snapshot:
        return 0
    written = con.execute(f"COPY ({changed_sql(model, first, snapshot)}) TO {quote(file)} (FORMAT parquet)").fetchone()
    return int(written[0]) if written else 0


def changed_sql(model: Model, first: int, snapshot: int) -> str:
    """A query for those units: the feed's rows add up to nothing where the same ones went and came."""
    unit = model.unit or "1"
    changes = " UNION ALL ".join(
        f"SELECT {unit} AS unit, change_type IN ('insert', 'update_postimage') AS came, {digest}::HUGEINT AS digest "
        f"FROM ducklake_table_changes('lake', '{address.partition('.')[0]}', '{address.partition('.')[2]}', "
        f"{first}, {snapshot})"
        for address, digest in model.digests.items()
    )
    return f"""
        SELECT unit AS {model.unit or "unit"} FROM ({changes}) GROUP BY unit
        HAVING sum(CASE WHEN came THEN digest ELSE -digest END) <> 0 ORDER BY unit
    """
