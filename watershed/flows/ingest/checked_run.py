"""A run that has been checked, as the steps before left it in the lake."""

from dataclasses import dataclass

from watershed.declarations import find_source
from watershed.declarations.table import Source, Table
from watershed.flows.checked import Checked, read_checked
from watershed.flows.landed import Landed, read_landed
from watershed.flows.staged import Staged, read_staged
from watershed.lake.raw_objects import RawObject
from watershed.lake.store import Store, open_store


@dataclass(frozen=True)
class CheckedRun:
    """What the steps before left behind: raw objects by key, what is staged, and what was checked by table."""

    run_id: str
    source: Source
    store: Store
    landed: Landed
    tables: list[Table]
    objects: dict[str, RawObject]
    staged: Staged
    checked: dict[str, Checked]


def read_run(source_name: str, run_id: str) -> CheckedRun:
    source, store = find_source(source_name), open_store()
    landed = read_landed(store, run_id)
    tables = landed.tables
    checked = {table.name: read_checked(store, run_id, table.name) for table in tables}
    objects = {key: store.head(key) for key in landed.objects}
    return CheckedRun(run_id, source, store, landed, tables, objects, read_staged(store, run_id), checked)
