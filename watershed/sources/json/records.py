"""What is a record among JSON documents: an object, and none that has the records inside it.

A document of which the contract knows no field would be kept whole in one column, and a file of a thousand records be
one row. Where its members show records, it is an envelope, and the sentence says how to declare it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from watershed.declarations.fields import Field
from watershed.sources.json.fields import take_fields
from watershed.sources.json.stream import Document, parse_array

DEEPEST = 3  # names on the way to the records that are looked for
KINDS = {"[": "an array", '"': "a text", "t": "true", "f": "false", "n": "null"}  # by how their text begins


def spread_arrays(documents: Iterable[Document]) -> Iterator[Document]:
    """The documents, arrays of objects among them as if each element stood by itself."""
    more = 0
    for document in documents:
        found = list_elements(document)
        yield from (one._replace(number=document.number + more + place) for place, one in enumerate(found))
        more += max(len(found) - 1, 0)


def list_elements(document: Document) -> list[Document]:
    value = document.value
    if document.problem is not None or not isinstance(value, list):
        return [document]
    if not all(isinstance(element, dict) for element in value):
        return [document]
    return list(parse_array(iter([document.text.encode()])))


def find_record_problem(document: Document, known: dict[str, str], fields: tuple[Field, ...]) -> str | None:
    """Why a document is not a record. `known`: those of the `fields` that were found in it."""
    if not isinstance(document.value, dict):
        return f"the document is not an object but {KINDS.get(document.text[:1], 'a number')}"
    if known or (path := find_records(document.value, fields)) is None:
        return None
    return f"the document is an envelope: declare records={path!r} in its Source, so that what it holds is read"


def find_records(value: dict[str, Any], fields: tuple[Field, ...], deepest: int = DEEPEST) -> str | None:
    """The path to what the contract knows fields of, as `Source.records` has it; None where there is no such thing."""
    if len(value) > 1 and all(is_record(member, fields) for member in value.values()):
        return "{id}"
    for name, member in value.items():
        if isinstance(member, list) and member and all(is_record(element, fields) for element in member):
            return name
        if isinstance(member, dict) and deepest > 1 and (path := find_records(member, fields, deepest - 1)):
            return name + path if path.startswith("{") else f"{name}.{path}"
    return None


def is_record(value: Any, fields: tuple[Field, ...]) -> bool:
    return isinstance(value, dict) and bool(take_fields(value, fields)[0])
