"""Check what a run predicted, then make it visible: all tables of the model and the drift, in one transaction."""

import time
from contextlib import closing
from dataclasses import asdict
from typing import Any

from duckdb import DuckDBPyConnection

from watershed.declarations.counting import count_nouns
from watershed.declarations.registry import DRIFTS, MODELS
from watershed.declarations.table import Table
from watershed.errors import InvalidInput
from watershed.flows.ingest.announce import publish
from watershed.flows.ingest.check import list_sql
from watershed.lake.store import open_store, step_key
from watershed.models.model import Model
from watershed.settings import find_home
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import utc_now
from watershed.warehouse.ledger.rows import CheckRow, InputRow
from watershed.warehouse.publication import LedgerRows
from watershed.warehouse.publish import Publication, TablePart


class PredictionsBroken(InvalidInput):
    """What the model made breaks a rule: nothing is published."""


def check_predictions(model: Model, run_id: str) -> dict[str, int]:
    """Check the staged rows by the rules of their tables, the first of which are told what to compare with. Leaves
    `check_predictions.json` and Data Docs.

    Returns the number of rules. Raises PredictionsBroken with a sentence for each that fails: all of them block.
    """
    store = open_store()
    choice = store.read_json(step_key(run_id, "choose_units"))
    predicted = store.read_json(step_key(run_id, "predict"))
    began = time.monotonic()
    with closing(connect()) as con:
        references = find_references(model, choice, predicted)
        checks, broken = [], []
        for table in model.tables:
            known = references if table is model.lists else {}
            results, sentences = judge(con, table, predicted["files"][table.address], known, run_id)
            checks += results
            broken += sentences
    if broken:
        raise PredictionsBroken(f"{model.lists.address} stays as it was: {'; '.join(broken)}")
    report = {"checks": checks, "ms": round((time.monotonic() - began) * 1000)}
    store.write_json(step_key(run_id, "check_predictions"), report)
    return {"rules": len(checks)}


def find_references(model: Model, choice: dict[str, Any], predicted: dict[str, Any]) -> dict[str, str]:
    """What rules compare with: the features by their contract's name, what the model wrote for that; and by the table's
    name what is published, where the same version predicted last and nobody waived that, with `kept`, what stays."""
    named = {model.features.name: predicted["features"], **predicted["references"]}
    known = {name: f"read_parquet({quote(address)})" for name, address in named.items()}
    last = choice["last"]
    if last and last["model_version"] == choice["model_version"] and not choice["is_forced"]:
        published = f"{model.lists.address} AT (VERSION => {choice['snapshot']})"
        known[model.lists.name] = published
        if choice["file"]:
            known["kept"] = f"(FROM {published} WHERE NOT {changed_sql(model, choice)})"
    return known


def judge(
    con: DuckDBPyConnection, table: Table, files: list[str], references: dict[str, str], run_id: str
) -> tuple[list[dict[str, Any]], list[str]]:
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
    about = {"table_name": table.address}
    return [about | asdict(result) for result in verdict.results], [*verdict.blocking, *failed]


def publish_predictions(model: Model, run_id: str, actor: str) -> dict[str, Any]:
    """Replace the rows of the run's units, append to the other tables and ml.drifts. Returns counts and snapshot.

    Raises Overtaken when another run has published since this one chose its units, or another version is champion now.
    """
    store = open_store()
    choice, predicted, checked, drift = (
        store.read_json(step_key(run_id, step)) for step in ("choose_units", "predict", "check_predictions", "drift")
    )
    files = {address: tuple(listed) for address, listed in predicted["files"].items()}
    replaced = changed_sql(model, choice) if choice["file"] else "true"
    publication = Publication(
        run_id=run_id,
        subject=model.lists.address,
        actor=actor,
        parts=(
            TablePart(model.lists.address, files[model.lists.address], replaced=replaced),
            *(TablePart(table.address, files[table.address]) for table in model.tables[1:]),
            *([TablePart(DRIFTS, tuple(drift["files"]))] if drift["files"] else []),
        ),
        rows=LedgerRows(
            inputs=[InputRow(model.lists.address, None, choice["snapshot"])],
            checks=[CheckRow(**check) for check in checked["checks"]],
        ),
        timings={"stage": predicted["ms"], "check": checked["ms"]},
        overtaken=overtaken_sql(model, choice),
        rows_made=predicted["rows"],
    )
    snapshot = publish(publication)
    return {
        "rows": predicted["rows"],
        **predicted["counts"],
        "model_version": choice["model_version"],
        "snapshot": snapshot,
        "has_drifted": drift["has_drifted"],
    }


def changed_sql(model: Model, choice: dict[str, Any]) -> str:
    return f"{model.unit} IN (SELECT {model.unit} FROM read_parquet({quote(choice['file'])}))"


def overtaken_sql(model: Model, choice: dict[str, Any]) -> str:
    """A query that finds newer predictions than those that this run continues, or that its version is no champion."""
    seen = choice["last"]["published"] if choice["last"] else -1
    version = int(choice["model_version"])
    return f"""
        SELECT 1 FROM ledger.inputs WHERE table_name = {quote(model.lists.address)} AND snapshot_id > {seen}
        UNION ALL SELECT 1 WHERE NOT EXISTS (
            SELECT 1 FROM {MODELS}
            WHERE model_name = {quote(model.name)} AND state = 'champion' AND model_version = {version}
        )"""
