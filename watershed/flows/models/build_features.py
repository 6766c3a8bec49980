"""Features of a run: what a model learns from at one recorded version of the lake, and whether it is fit for that."""

import time
from contextlib import closing
from dataclasses import asdict

import pyarrow as pa

from watershed.declarations.registry import MODELS
from watershed.errors import InvalidInput
from watershed.flows.models.begun import ModelRun
from watershed.flows.models.prediction_steps import CheckedRules, write_checks
from watershed.flows.models.training_steps import Features, find_features, read_features, write_features
from watershed.flows.prepare import prepare_tables
from watershed.lake.store import side_key
from watershed.models.model import Model
from watershed.models.registry import Version, find_champion
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import utc_now
from watershed.warehouse.ledger.rows import CheckRow
from watershed.warehouse.publish import read_snapshot

MOST_GROWTH = 10  # times the rows of the champion: more overnight are a defect before they are a success


class TrainingBlocked(InvalidInput):
    """Nothing is trained or published, and the champion stays: the message says why."""


def build_features(run: ModelRun) -> Features:
    """Write the features of now to a file of the run. Repeated, it answers what the first try found."""
    if (done := find_features(run)) is not None:
        return done
    model = run.model
    prepare_tables([*model.inputs, MODELS])
    began, address = time.monotonic(), run.store.address(side_key(run.id, "features"))
    with closing(connect()) as con:
        snapshot = read_snapshot(con)
        rows = model.write_features(con, address, snapshot)
        counted = ", ".join(f"count(DISTINCT {column})" for column in model.counted.values())
        found = con.execute(f"SELECT {counted} FROM read_parquet({quote(address)})").fetchone() or ()
    counts = {model.features.name: rows, **dict(zip(model.counted, found, strict=True))}
    features = Features(snapshot, counts, address, round((time.monotonic() - began) * 1000))
    write_features(run, features)
    return features


def check_features(run: ModelRun, accept_growth: bool = False) -> dict[str, int]:
    """Evaluate the rules over the file. Returns the numbers of rules and rows. Raises TrainingBlocked when a rule is
    broken, when there is nothing to learn from, and when there are more than ten times the champion's rows, unless that
    growth is accepted.
    """
    from watershed.quality.check import check_rows

    model, features, began = run.model, read_features(run), time.monotonic()
    with closing(connect()) as con:
        verify_size(model, features, find_champion(con, model.name), accept_growth)
        con.execute(f"CREATE OR REPLACE TEMP VIEW staged AS FROM read_parquet({quote(features.address)})")
        verdict = check_rows(con, model.features, "staged", utc_now())
    broken = [*verdict.blocking, *(f"{failed.column}: {failed.reason}" for failed in verdict.failed_rules)]
    if broken:
        where = f"the features at snapshot {features.snapshot} break a rule"
        raise TrainingBlocked(f"{where}: {'; '.join(broken)}; mend the rows of {' or '.join(model.inputs)}")
    checks = [CheckRow(model.features.address, **asdict(result)) for result in verdict.results]
    write_checks(run, "check_features", CheckedRules(checks, round((time.monotonic() - began) * 1000)))
    return {"rules": len(checks), "rows": features.counts[model.features.name]}


def verify_size(model: Model, features: Features, champion: Version | None, accept_growth: bool) -> None:
    """Raises TrainingBlocked."""
    at, what = f"at snapshot {features.snapshot}", model.features.name
    rows = features.counts[what]
    if not rows:
        raise TrainingBlocked(f"there are no {what} {at}: publish rows of {' or '.join(model.inputs)}, then train")
    for counted in model.counted:
        if features.counts[counted] < 2:
            one = counted.removesuffix("s")
            raise TrainingBlocked(f"all {rows:,} {what} {at} are of one {one}: nothing can be learned from them")
    if champion and rows > MOST_GROWTH * champion.row_count and not accept_growth:
        raise TrainingBlocked(
            f"{rows:,} {what} {at} are more than {MOST_GROWTH} times the {champion.row_count:,} of the "
            f"champion, version {champion.model_version}: look for a source that was published twice; if they are "
            f"right, run {model.train_dag} with *Accept growth*"
        )


def load_features(run: ModelRun) -> pa.Table:
    """The run's features, in the order of the file."""
    address = read_features(run).address
    with closing(connect()) as con:
        found = con.execute(f"FROM read_parquet({quote(address)})").to_arrow_table()
    return found.cast(run.model.features.arrow_schema)
