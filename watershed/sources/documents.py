"""JSON documents: one to an object, pretty-printed or not, one a line (NDJSON), one after the other, or in an array;
plain or gzip. Which of these an object is, its content tells; that they are records inside an envelope, the source
declares (`Source.records`).

A broken line is one bad record, but of anything else that is broken nobody can say how many documents are lost, so it
is refused whole, like an object without any document. Memory stays flat whatever the number of documents; a single one
may have MAX_DOCUMENT_BYTES.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow as pa

from watershed.declarations import find_source, tables_of
from watershed.declarations.fields import Field
from watershed.lake.store import RawObject, Store
from watershed.project import load_module
from watershed.sources.json.fields import find_leaf_fields, take_fields
from watershed.sources.json.forms import find_documents
from watershed.sources.json.records import find_record_problem
from watershed.sources.json.stream import Document
from watershed.sources.json.text import write_json
from watershed.sources.logs import Unreadable

__all__ = ["SCHEMA", "find_leaf_fields", "read", "split_documents"]

SLICE_CHARACTERS = 32 << 20

SCHEMA = pa.schema(
    [
        ("raw_object", pa.string()),
        ("raw_line", pa.int64()),
        ("line", pa.string()),
        ("day", pa.date32()),
        ("problem", pa.string()),
        ("known", pa.map_(pa.string(), pa.string())),  # fields of the contract that could be read: name to text
        ("other", pa.string()),  # the document without them, as JSON
        ("content_sha256", pa.string()),  # of the document's canonical JSON: keys sorted, no spaces
        ("is_duplicate", pa.bool_()),  # whether an earlier document of the object has the same content
    ]
)


def read(store: Store, keys: Sequence[str], refused: dict[str, str]) -> Iterator[pa.Table]:
    """Records (SCHEMA) of the objects' documents, in slices of some SLICE_CHARACTERS.

    `raw_line` is the line, or elsewhere the ordinal. An object that cannot be read to its end is added to `refused`,
    with a sentence; records of it may be in slices yielded before that was known: they are to be dropped.
    """
    found = map(store.head, keys)
    return split_documents(((about, store.open(about.key)) for about in found), refused)


def split_documents(streams: Iterable[tuple[RawObject, BinaryIO]], refused: dict[str, str]) -> Iterator[pa.Table]:
    """The same for open streams, which are closed."""
    rows: list[tuple[Any, ...]] = []
    size = 0
    for about, stream in streams:
        try:
            with stream:
                for row in describe_documents(about, stream):
                    rows.append(row)
                    size += len(row[2])
                    if size >= SLICE_CHARACTERS:
                        yield build_slice(rows)
                        rows, size = [], 0
        except Unreadable as error:
            refused[about.key] = f"{about.name} {error}"
    if rows:
        yield build_slice(rows)


def describe_documents(about: RawObject, stream: BinaryIO) -> Iterator[tuple[Any, ...]]:
    """A row of SCHEMA for every document of one object."""
    fields, seen = find_fields(about.source), SeenDocuments()
    for document in find_documents(stream, find_source(about.source).records):
        problem, *described = describe_content(document, fields, seen)
        yield about.key, document.number, document.text, about.day, problem, *described


def find_fields(source: str) -> tuple[Field, ...]:
    """The known fields that the contract of a source's home table declares, if it does."""
    home = tables_of(find_source(source))[0]
    return getattr(load_module(f"contracts.{home.name}"), "FIELDS", ())


def describe_content(document: Document, fields: tuple[Field, ...], seen: "SeenDocuments") -> tuple[Any, ...]:
    """Its problem, and what the last four columns of SCHEMA say of one that has none."""
    if document.problem is not None:
        return document.problem, None, None, None, False
    known, other = take_fields(document.value, fields)
    if problem := find_record_problem(document, known, fields):
        return problem, None, None, None, False
    digest = hashlib.sha256(write_json(document.value, canonical=True).encode())
    return None, list(known.items()), write_json(other), digest.hexdigest(), seen.has_or_add(digest.digest())


def build_slice(rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)


class SeenDocuments:
    """The digests of one object's documents, in a database of its own that spills to disk: an object has no end."""

    def __init__(self) -> None:
        self.database = sqlite3.connect("", isolation_level=None)
        self.database.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY) WITHOUT ROWID")
        self.database.execute("BEGIN")

    def has_or_add(self, digest: bytes) -> bool:
        return self.database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (digest,)).rowcount == 0
