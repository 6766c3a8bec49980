"""A run that has been checked, as the steps before left it in the lake."""

from dataclasses import dataclass
from typing import Any

from watershed.declarations import find_source
from watershed.declarations.table import Source, Table
from watershed.flows.landed import Landed, read_landed
from watershed.lake.raw_objects import RawObject
from watershed.lake.store import Store, open_store, step_key


@dataclass(frozen=True)
class CheckedRun:
    """What the steps before left behind: raw objects by key, the manifest of staging, a report a table."""

    run_id: str
    source: Source
    store: Store
    landed: Landed
    tables: list[Table]
    objects: dict[str, RawObject]
    staged: dict[str, Any]
    reports: dict[str, dict[str, Any]]


def read_run(source_name: str, run_id: str) -> CheckedRun:
    source, store = find_source(source_name), open_store()
    landed = read_landed(store, run_id)
    tables = landed.tables
    reports = {t.name: store.read_json(step_key(run_id, f"check_{t.name}")) for t in tables}
    staged = store.read_json(step_key(run_id, "stage"))
    objects = {key: store.head(key) for key in landed.objects}
    return CheckedRun(run_id, source, store, landed, tables, objects, staged, reports)
