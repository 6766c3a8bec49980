"""The upkeep of the lake as a task."""

from airflow.sdk import task

from watershed.airflow.assets import table_asset
from watershed.airflow.ingest import Counts
from watershed.declarations import list_tables


@task(inlets=[table_asset(table.address) for table in list_tables()])
def merge_files() -> Counts:
    """Merge small files of every table, let old versions expire, delete what was replaced long ago. Returns counts."""
    from watershed.flows.upkeep.compact import maintain

    return maintain()
