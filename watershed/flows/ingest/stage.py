"""Stage: the transform runs and its result becomes Parquet at the table's data path, where nobody can see it yet."""

import time
from dataclasses import asdict, replace

from watershed.flows.begun import Run
from watershed.flows.histories.stage import stage_histories
from watershed.flows.ingest.stage_records import stage_records
from watershed.flows.landed import read_landed
from watershed.flows.prepare import prepare_tables
from watershed.flows.staged import write_staged


def stage_source(run: Run) -> dict[str, dict[str, int]]:
    """Stage everything that the run took. Leaves `stage.json`; returns per table the rows read, staged and rejected."""
    landed = read_landed(run)
    prepare_tables([table.address for table in landed.tables])
    began = time.monotonic()
    staged = stage_histories(run, landed) if run.source.kind == "oltp" else stage_records(run, landed)
    write_staged(run, replace(staged, ms=round((time.monotonic() - began) * 1000)))
    return {name: asdict(table.total) for name, table in staged.tables.items()}
