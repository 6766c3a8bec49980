"""Whom an alert concerns: the owner of the table, mart, source, stream or DAG that it is about."""

from watershed.declarations import load_sources, tables_of
from watershed.declarations.owners import Owner, find_owner
from watershed.warehouse.schema.described import find_declared

INGEST = "ingest_"


def find_concerned(subject: str) -> Owner | None:
    """The owner of what an alert is about; None where that is a server, or nobody has declared who it is."""
    declared = find_declared(subject)
    if declared is None:
        source = load_sources().get(subject.removeprefix(INGEST))
        declared = next(iter(tables_of(source)), None) if source else None
    return find_owner(declared.owner) if declared else None
