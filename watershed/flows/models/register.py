"""Write versions into the registry: the one way that rows of ml.models change, and a publish like any other."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from uuid import uuid4

import pyarrow as pa
from duckdb import DuckDBPyConnection

from watershed.declarations import find_table
from watershed.declarations.registry import MODELS
from watershed.errors import InvalidInput
from watershed.flows.ingest.announce import publish
from watershed.lake.store import open_store, table_key
from watershed.models.registry import Version
from watershed.settings import load_settings
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import utc_now
from watershed.warehouse.ledger.rows import CheckRow, InputRow
from watershed.warehouse.publication import LedgerRows
from watershed.warehouse.publish import Publication, TablePart, hold_lock


class RegistryBroken(InvalidInput):
    """Rows that would break a rule of the registry. Nothing is published."""


def register(
    versions: Sequence[Version],
    run_id: str,
    actor: str,
    champion: int | None,
    snapshot: int,
    checks: Sequence[CheckRow] = (),
) -> int:
    """Publish these versions of one model, whether new or known. Returns the snapshot that it made.

    `champion`: the version that is champion now, as far as the caller knows. `snapshot`: the version of the lake that
    the change follows from. `checks`: rows for ledger.checks that led to it. Raises RegistryBroken, and Overtaken when
    another champion was published meanwhile.
    """
    model = versions[0].model_name
    numbers = ", ".join(str(version.model_version) for version in versions)
    replaced = f"model_name = {quote(model)} AND model_version IN ({numbers})"
    with closing(connect()) as con:
        file = stage_versions(con, versions, run_id)
        own = check_versions(con, file, replaced)
    publication = Publication(
        run_id=run_id,
        subject=MODELS,
        actor=actor,
        parts=(TablePart(MODELS, (file,), replaced=replaced),),
        rows=LedgerRows(
            inputs=[InputRow(MODELS, None, snapshot)], checks=[*checks, *own]
        ),
        rows_made=len(versions),
        overtaken=overtaken_sql(model, champion),
    )
    return publish(publication)


def stage_versions(con: DuckDBPyConnection, versions: Sequence[Version], run_id: str) -> str:
    """Write the rows beside the table's files. Returns the address."""
    file = open_store().address(table_key(MODELS, f"{run_id}-{uuid4().hex[:12]}"))
    con.register("new_versions", pa.Table.from_pylist([asdict(version) for version in versions]))
    con.execute(f"CREATE OR REPLACE TEMP TABLE staged_versions AS FROM {MODELS} LIMIT 0")
    con.execute("INSERT INTO temp.staged_versions BY NAME FROM new_versions")
    con.execute(f"COPY temp.staged_versions TO {quote(file)} (FORMAT parquet)")
    return file


def check_versions(con: DuckDBPyConnection, file: str, replaced: str) -> list[CheckRow]:
    """Evaluate the rules over the table as it will be. Returns rows for ledger.checks. Raises RegistryBroken."""
    from watershed.quality.check import check_rows

    kept = f"FROM {MODELS} WHERE NOT ({replaced})"
    con.execute(f"CREATE OR REPLACE TEMP VIEW staged AS FROM read_parquet({quote(file)}) UNION ALL BY NAME {kept}")
    verdict = check_rows(con, find_table(MODELS), "staged", utc_now())
    broken = [*verdict.blocking, *(f"{failed.column}: {failed.reason}" for failed in verdict.failed_rules)]
    if broken:
        raise RegistryBroken(f"{MODELS} stays as it was, a rule would break: {'; '.join(broken)}")
    return [CheckRow(MODELS, **asdict(result)) for result in verdict.results]


def overtaken_sql(model: str, champion: int | None) -> str:
    """A query that finds a row when there is another champion than the one known."""
    other = "true" if champion is None else f"model_version <> {int(champion)}"
    return f"SELECT 1 FROM {MODELS} WHERE model_name = {quote(model)} AND state = 'champion' AND {other}"


@contextmanager
def hold_registry(model: str) -> Iterator[None]:
    """Nobody else takes a version's number, writes its folder or changes the champion meanwhile."""
    with hold_lock(load_settings(), f"watershed.models {model}"):
        yield


def crown(version: Version, reason: str, champion: Version | None) -> list[Version]:
    """The version as champion, and the champion until then as retired, both changed in the same moment."""
    now = utc_now()
    crowned = replace(version, state="champion", reason=reason, changed_at=now)
    if champion is None or champion.model_version == version.model_version:
        return [crowned]
    why = f"version {version.model_version} took its place"
    return [crowned, replace(champion, state="retired", reason=why, changed_at=now)]
