"""Check what a run predicted, then make it visible: all tables of the model and the drift, in one transaction."""

import time
from contextlib import closing
from dataclasses import asdict, dataclass

from duckdb import DuckDBPyConnection

from watershed.declarations.counting import count_nouns
from watershed.declarations.registry import DRIFTS, MODELS
from watershed.declarations.table import Table
from watershed.errors import InvalidInput
from watershed.flows.ingest.announce import publish
from watershed.flows.ingest.check import list_sql
from watershed.flows.models.begun import ModelRun
from watershed.flows.models.prediction_steps import (
    CheckedRules,
    Predicted,
    read_checks,
    read_choice,
    read_drifted,
    read_predicted,
    write_checks,
)
from watershed.models.model import Model
from watershed.models.run import Choice
from watershed.settings import find_home
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import utc_now
from watershed.warehouse.ledger.rows import CheckRow, InputRow
from watershed.warehouse.publication import LedgerRows
from watershed.warehouse.publish import Publication, TablePart


class PredictionsBroken(InvalidInput):
    """What the model made breaks a rule: nothing is published."""


def check_predictions(run: ModelRun) -> dict[str, int]:
    """Check the staged rows by the rules of their tables, the first of which are told what to compare with. Leaves
    `check_predictions.json` and Data Docs.

    Returns the number of rules. Raises PredictionsBroken with a sentence for each that fails: all of them block.
    """
    model, choice, predicted, began = run.model, read_choice(run), read_predicted(run), time.monotonic()
    checks: list[CheckRow] = []
    broken: list[str] = []
    with closing(connect()) as con:
        references = find_references(model, choice, predicted)
        for table in model.tables:
            known = references if table is model.lists else {}
            results, sentences = judge(con, table, predicted.files[table.address], known, run.id)
            checks += results
            broken += sentences
    if broken:
        raise PredictionsBroken(f"{model.lists.address} stays as it was: {'; '.join(broken)}")
    write_checks(run, "check_predictions", CheckedRules(checks, round((time.monotonic() - began) * 1000)))
    return {"rules": len(checks)}


def find_references(model: Model, choice: Choice, predicted: Predicted) -> dict[str, str]:
    """What rules compare with: the features by their contract's name, what the model wrote for that; and by the table's
    name what is published, where the same version predicted last and nobody waived that, with `kept`, what stays."""
    named = {model.features.name: predicted.features, **predicted.references}
    known = {name: f"read_parquet({quote(address)})" for name, address in named.items()}
    last = choice.last
    if last and last.model_version == choice.model_version and not choice.is_forced:
        published = f"{model.lists.address} AT (VERSION => {choice.snapshot})"
        known[model.lists.name] = published
        if choice.file:
            known["kept"] = f"(FROM {published} WHERE NOT {changed_sql(model, choice.file)})"
    return known


def judge(
    con: DuckDBPyConnection, table: Table, files: list[str], references: dict[str, str], run_id: str
) -> tuple[list[CheckRow], list[str]]:
    """The results of a table's rules, and a sentence for each that fails."""
    from watershed.quality.check import check_rows
    from watershed.quality.docs import write_page

    staged = f"read_parquet({list_sql(files)})" if files else f"{table.address} LIMIT 0"
    con.execute(f"CREATE OR REPLACE TEMP VIEW staged AS FROM {staged}")
    as_of = utc_now()
    verdict = check_rows(con, table, "staged", as_of, references)
    write_page(con, verdict, find_home() / "data_docs", run_id, as_of)
    failed = (
        f"{count_nouns(result.rows_failed, 'row')} of {table.address} against the rule {result.rule}: {result.reason}"
        for result in verdict.results
        if result.rows_failed and not result.is_success
    )
    return [CheckRow(table.address, **asdict(result)) for result in verdict.results], [*verdict.blocking, *failed]


@dataclass(frozen=True)
class PublishedPredictions:
    """What a run has published: how many `rows` it has put in place, `counts` of the model, and what has drifted."""

    rows: int
    counts: dict[str, int]
    model_version: int
    snapshot: int
    has_drifted: bool

    def summarize(self) -> dict[str, int]:
        """What is told of it."""
        about = {"model_version": self.model_version, "snapshot": self.snapshot, "has_drifted": self.has_drifted}
        return {"rows": self.rows, **self.counts, **about}


def publish_predictions(run: ModelRun) -> PublishedPredictions:
    """Replace the rows of the run's units, append to the other tables and ml.drifts.

    Raises Overtaken when another run has published since this one chose its units, or another version is champion now.
    """
    model, choice, predicted, drifted = run.model, read_choice(run), read_predicted(run), read_drifted(run)
    checked = read_checks(run, "check_predictions")
    files = {address: tuple(listed) for address, listed in predicted.files.items()}
    replaced = changed_sql(model, choice.file) if choice.file else "true"
    publication = Publication(
        run_id=run.id,
        subject=model.lists.address,
        actor=run.actor,
        parts=(
            TablePart(model.lists.address, files[model.lists.address], replaced=replaced),
            *(TablePart(table.address, files[table.address]) for table in model.tables[1:]),
            *([TablePart(DRIFTS, tuple(drifted.files))] if drifted.files else []),
        ),
        rows=LedgerRows(
            inputs=[InputRow(model.lists.address, None, choice.snapshot)],
            checks=checked.checks,
        ),
        timings={"stage": predicted.ms, "check": checked.ms},
        overtaken=overtaken_sql(model, choice),
        rows_made=predicted.rows,
    )
    snapshot = publish(publication)
    return PublishedPredictions(
        predicted.rows, predicted.counts, choice.model_version, snapshot, drifted.has_drifted
    )


def changed_sql(model: Model, file: str) -> str:
    return f"{model.unit} IN (SELECT {model.unit} FROM read_parquet({quote(file)}))"


def overtaken_sql(model: Model, choice: Choice) -> str:
    """A query that finds newer predictions than those that this run continues, or another champion than its version."""
    seen = choice.last.published if choice.last else -1
    return f"""
        SELECT 1 FROM ledger.inputs WHERE table_name = {quote(model.lists.address)} AND snapshot_id > {seen}
        UNION ALL SELECT 1 WHERE NOT EXISTS (
            SELECT 1 FROM {MODELS}
            WHERE model_name = {quote(model.name)} AND state = 'champion' AND model_version = {choice.model_version}
        )"""
