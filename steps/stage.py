"""Stage: the transform runs and its result becomes Parquet at the table's data path, where nobody can see it yet."""

import time
from importlib import import_module
from typing import Any

from contracts import find_source
from lake.store import open_store, spell_step_key


def stage_source(source_name: str, run_id: str) -> dict[str, dict[str, int]]:
    """Stage everything that the run took. Leaves `stage.json`; returns per table the rows read, staged and rejected."""
    source, store = find_source(source_name), open_store()
    taken: list[str] = store.read_json(spell_step_key(run_id, "land"))["objects"]
    began = time.monotonic()
    staging = import_module("steps.stage_histories" if source.kind == "oltp" else "steps.stage_records")
    staged: dict[str, Any] = staging.stage(source, taken, run_id, store)
    staged["ms"] = round((time.monotonic() - began) * 1000)
    store.write_json(spell_step_key(run_id, "stage"), staged)
    return {name: sum_tallies(table["tallies"]) for name, table in staged["tables"].items()}


def sum_tallies(tallies: dict[str, dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for tally in tallies.values():
        for what, count in tally.items():
            total[what] = total.get(what, 0) + count
    return total
