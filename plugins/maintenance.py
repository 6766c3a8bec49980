"""The upkeep of the lake as a task."""

from airflow.sdk import task

from contracts import list_tables
from plugins.assets import table_asset
from plugins.steps import Counts


@task(inlets=[table_asset(table.address) for table in list_tables()])
def merge_files() -> Counts:
    """Merge small files of every table, let old versions expire, delete what was replaced long ago. Returns counts."""
    from steps.compact import maintain

    return maintain()
