"""OpenLineage's facets: what an event says of a run, job or dataset besides its name, each by a published schema."""

from collections.abc import Iterable
from typing import Any

from watershed.lineage.origins import ColumnOrigin, Lineage
from watershed.warehouse.ledger.rows import CheckRow

PRODUCER = "urn:watershed"
SPEC = "https://openlineage.io/spec"
EVENT_SCHEMA = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
# By the key that OpenLineage knows a facet under: the version of its schema, and its name.
SCHEMAS = {
    "columnLineage": ("1-2-0", "ColumnLineageDatasetFacet"),
    "dataQualityAssertions": ("1-1-0", "DataQualityAssertionsDatasetFacet"),
    "documentation": ("1-1-0", "DocumentationDatasetFacet"),
    "inputStatistics": ("1-0-0", "InputStatisticsInputDatasetFacet"),
    "jobType": ("2-0-4", "JobTypeJobFacet"),
    "nominalTime": ("1-0-1", "NominalTimeRunFacet"),
    "outputStatistics": ("1-0-2", "OutputStatisticsOutputDatasetFacet"),
    "parent": ("1-2-0", "ParentRunFacet"),
    "processing_engine": ("1-1-1", "ProcessingEngineRunFacet"),
    "schema": ("1-2-0", "SchemaDatasetFacet"),
    "version": ("1-0-1", "DatasetVersionDatasetFacet"),
}
# What was done to a value, in OpenLineage's words.
SUBTYPES = {"copied": "IDENTITY", "computed": "TRANSFORMATION", "aggregated": "AGGREGATION"}

Facet = dict[str, Any]


def make_facet(key: str, **values: Any) -> dict[str, Facet]:
    """One facet under its key. Values that are None are left out."""
    version, name = SCHEMAS[key]
    about = {"_producer": PRODUCER, "_schemaURL": f"{SPEC}/facets/{version}/{name}.json#/$defs/{name}"}
    return {key: about | {k: v for k, v in values.items() if v is not None}}


def dataset_name(address: str) -> str:
    """The name of a dataset in the bucket: `lake/core/requests` for `core.requests`, as the asset catalogue has it."""
    schema, _, name = address.partition(".")
    return f"lake/{schema}/{name}" if name and "/" not in address else address


def describe_columns(namespace: str, lineage: Lineage) -> dict[str, Facet]:
    """Where each column comes from, and under `dataset` what decides about the rows."""
    fields = {
        name: {"inputFields": [describe_origin(namespace, o, "DIRECT", SUBTYPES[o.how]) for o in origins]}
        for name, origins in lineage.columns.items()
        if origins
    }
    rows = [describe_origin(namespace, o, "INDIRECT", "FILTER") for o in lineage.rows]
    return make_facet("columnLineage", fields=fields, dataset=rows) if fields or rows else {}


def describe_origin(namespace: str, origin: ColumnOrigin, kind: str, subtype: str) -> dict[str, Any]:
    return {
        "namespace": namespace,
        "name": dataset_name(origin.address),
        "field": origin.column,
        "transformations": [{"type": kind, "subtype": subtype}],
    }


def describe_checks(checks: Iterable[CheckRow]) -> dict[str, Facet]:
    """The rules that were evaluated. One that fails as a warning sends rows to quarantine."""
    assertions = [
        {"assertion": check.rule, "success": check.is_success}
        | ({"column": check.column_name} if check.column_name else {})
        | {"severity": "error" if check.severity == "critical" else "warn"}
        for check in checks
    ]
    return make_facet("dataQualityAssertions", assertions=assertions) if assertions else {}
