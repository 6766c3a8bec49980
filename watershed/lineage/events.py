"""An OpenLineage event for every publish: a run of a job that has read these datasets and written those.

The job is the subject of the publish, a source or a mart; the namespace of datasets is the bucket, so that a table is
called `lake/core/requests` wherever it is named. Micro-batches say which datasets and how many rows: with columns,
which never change, thousands of them a day would be megabytes.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import duckdb

from watershed.declarations import list_tables
from watershed.declarations.column_types import type_sql
from watershed.declarations.table import Column
from watershed.lineage.facets import (
    EVENT_SCHEMA,
    PRODUCER,
    Facet,
    dataset_name,
    describe_checks,
    describe_columns,
    make_facet,
)
from watershed.lineage.graph import draw_graph
from watershed.lineage.kept import recall_columns
from watershed.warehouse.publish import Publication, TablePart
from watershed.warehouse.schema.marts import list_marts

Dataset = dict[str, Any]


@dataclass(frozen=True)
class Announcement:
    """What is known of a publish before it has the lock, put together without it."""

    publication: Publication
    namespace: str
    facets: dict[str, dict[str, Facet]]

    @property
    def is_batch(self) -> bool:
        return self.publication.actor != "stream"

    @property
    def parts(self) -> list[TablePart]:
        """Those to be told: of a micro-batch the tables that got rows."""
        return [part for part in self.publication.parts if self.is_batch or part.files or part.quarantine_files]

    def spell(self, snapshot: int) -> str:
        """The event as JSON, of the snapshot that the publish makes."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        own = self.publication
        event = {
            "eventType": "COMPLETE",
            "eventTime": now,
            "producer": PRODUCER,
            "schemaURL": EVENT_SCHEMA,
            "run": {
                "runId": make_uuid(f"{own.run_id} {own.subject} {snapshot}"),
                "facets": describe_run(own) if self.is_batch else {},
            },
            "job": {"namespace": name_jobs(), "name": own.subject, "facets": describe_job(self.is_batch)},
            "inputs": list(list_inputs(self)),
            "outputs": [output for part in self.parts for output in describe_outputs(self, part, snapshot)],
        }
        return json.dumps(event, separators=(",", ":"), default=str)


def prepare_event(publication: Publication, bucket: str) -> Announcement:
    """Look up what never changes, the columns of a table and their lineage: outside the lock, for it may take long."""
    announcement = Announcement(publication, f"s3://{bucket}", {})
    if announcement.is_batch:
        for part in publication.parts:
            announcement.facets[part.address] = describe_table(announcement.namespace, part.address)
    return announcement


def describe_table(namespace: str, address: str) -> dict[str, Facet]:
    """Schema, description and column lineage of a table or mart; nothing of a quarantine."""
    columns: dict[str, Column | None] = {}
    for table in list_tables():
        if table.address == address:
            columns = {column.name: column for column in table.all_columns}
    node = draw_graph().nodes.get(address)
    if node is None:
        return {}
    declared = {c.name: c.description for mart in list_marts() if mart.address == address for c in mart.columns}
    fields = [describe_field(columns[n], n, "") for n in columns] or [
        describe_field(None, name, text) for name, text in declared.items()
    ]
    about = make_facet("documentation", description=node.description) | make_facet("schema", fields=fields)
    return about | describe_columns(namespace, recall_columns(address))


def describe_field(column: Column | None, name: str, description: str) -> dict[str, str]:
    if column is None:
        return {"name": name, "description": description}
    return {"name": column.name, "type": type_sql(column.type), "description": column.description}


def describe_run(publication: Publication) -> dict[str, Facet]:
    facets = make_facet("processing_engine", name="DuckDB", version=duckdb.__version__)
    days = {row.day for row in publication.rows.inputs if row.day is not None}
    if len(days) == 1:
        day = days.pop()
        facets |= make_facet("nominalTime", nominalStartTime=format_day(day), nominalEndTime=format_day(day, 1))
    return facets | describe_parent()


def describe_parent() -> dict[str, Facet]:
    """The DAG run that the publish is a task of: Airflow tells it every task in its environment."""
    dag, run = os.environ.get("AIRFLOW_CTX_DAG_ID"), os.environ.get("AIRFLOW_CTX_DAG_RUN_ID")
    if not dag or not run:
        return {}
    job = {"namespace": name_jobs(), "name": dag}
    return make_facet("parent", run={"runId": make_uuid(f"{dag} {run}")}, job=job)


def describe_job(is_batch: bool) -> dict[str, Facet]:
    kind = "BATCH" if is_batch else "STREAMING"
    return make_facet("jobType", processingType=kind, integration="WATERSHED", jobType="PUBLISH")


def list_inputs(announcement: Announcement) -> Iterator[Dataset]:
    """Raw objects by source, with what was read of them; of what is made, the tables, at their version."""
    own, namespace = announcement.publication, announcement.namespace
    for source in sorted({line.source for line in own.books}):
        objects = {line.raw_object: line.object_bytes for line in own.books if line.source == source}
        read = sum(line.rows_read for line in own.books if line.source == source)
        statistics = make_facet("inputStatistics", rowCount=read, size=sum(objects.values()), fileCount=len(objects))
        yield {"namespace": namespace, "name": f"raw/{source}", "facets": {}, "inputFacets": statistics}
    before = draw_graph().before
    for row in own.rows.inputs:
        version = make_facet("version", datasetVersion=str(row.input_snapshot_id))
        for address in before.get(row.table_name, ()):
            yield {"namespace": namespace, "name": dataset_name(address), "facets": version, "inputFacets": {}}


def describe_outputs(announcement: Announcement, part: TablePart, snapshot: int) -> Iterator[Dataset]:
    """The table, and its quarantine where rows went there."""
    own = announcement.publication
    books = [line for line in own.books if line.table_name == part.address]
    version = make_facet("version", datasetVersion=str(snapshot))
    checks = describe_checks(c for c in own.rows.checks if c.table_name == part.address)
    written = sum(line.rows_written for line in books) + (own.rows_made if part.address == own.subject else 0)
    facets = announcement.facets.get(part.address, {}) | version
    yield make_output(announcement.namespace, part.address, facets | checks, written, len(part.files))
    if bad := sum(line.rows_quarantined for line in books):
        quarantine = f"quarantine.{part.address.partition('.')[2]}"
        yield make_output(announcement.namespace, quarantine, version, bad, len(part.quarantine_files))


def make_output(namespace: str, address: str, facets: dict[str, Facet], rows: int, files: int) -> Dataset:
    statistics = make_facet("outputStatistics", rowCount=rows, fileCount=files)
    return {"namespace": namespace, "name": dataset_name(address), "facets": facets, "outputFacets": statistics}


def name_jobs() -> str:
    """The namespace of jobs, by OpenLineage's own variable."""
    return os.environ.get("OPENLINEAGE_NAMESPACE", "watershed")


def make_uuid(name: str) -> str:
    """The same for the same name: an event that is sent again is the same run."""
    return str(uuid5(NAMESPACE_URL, f"{PRODUCER}:{name}"))


def format_day(day: date, later: int = 0) -> str:
    return datetime.combine(day + timedelta(days=later), datetime.min.time(), UTC).isoformat()


