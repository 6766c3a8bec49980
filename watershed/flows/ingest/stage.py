"""Stage: the transform runs and its result becomes Parquet at the table's data path, where nobody can see it yet."""

import time
from dataclasses import asdict, replace

from watershed.declarations import find_source
from watershed.flows.histories.stage import stage_histories
from watershed.flows.ingest.stage_records import stage_records
from watershed.flows.landed import read_landed
from watershed.flows.prepare import prepare_tables
from watershed.flows.staged import write_staged
from watershed.lake.store import open_store


def stage_source(source_name: str, run_id: str) -> dict[str, dict[str, int]]:
    """Stage everything that the run took. Leaves `stage.json`; returns per table the rows read, staged and rejected."""
    source, store = find_source(source_name), open_store()
    landed = read_landed(store, run_id)
    tables = landed.tables
    prepare_tables([table.address for table in tables])
    began = time.monotonic()
    if source.kind == "oltp":
        staged = stage_histories(landed, run_id, store)
    else:
        staged = stage_records(source, tables, landed.objects, run_id, store)
    write_staged(store, run_id, replace(staged, ms=round((time.monotonic() - began) * 1000)))
    return {name: asdict(table.total) for name, table in staged.tables.items()}
