"""A run that has been checked, as the steps before left it in the lake."""

from dataclasses import dataclass

from watershed.declarations.table import Table
from watershed.flows.begun import Run
from watershed.flows.checked import Checked, read_checked
from watershed.flows.landed import Landed, read_landed
from watershed.flows.staged import Staged, read_staged
from watershed.lake.raw_objects import RawObject


@dataclass(frozen=True)
class CheckedRun(Run):
    """What the steps before left behind: raw objects by key, what is staged, and what was checked by table."""

    landed: Landed
    objects: dict[str, RawObject]
    staged: Staged
    checked: dict[str, Checked]


    @property
    def tables(self) -> list[Table]:
        return self.landed.tables


def read_run(run: Run) -> CheckedRun:
    landed = read_landed(run)
    objects = {key: run.store.head(key) for key in landed.objects}
    checked = {table.name: read_checked(run, table) for table in landed.tables}
    return CheckedRun(run.id, run.source, run.actor, run.store, landed, objects, read_staged(run), checked)
