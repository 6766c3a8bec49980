"""Back to where a row came from: the raw object that holds it, who published that, and the line as it lies there."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module

from watershed.declarations import find_source
from watershed.lake.store import RawObject, Store, open_store
from watershed.warehouse.connection import connect

PUBLISHES = "SELECT DISTINCT snapshot_id, run_id FROM ledger.books WHERE raw_object = ? ORDER BY snapshot_id"
PREDECESSORS = """
    SELECT DISTINCT raw_object, object_name FROM ledger.objects WHERE superseded_by = ? ORDER BY raw_object
"""


@dataclass(frozen=True)
class RawLine:
    """A line of a raw object. `text` is None where it has no such line; `place`: of a message, where in its topic."""

    object: RawObject
    address: str
    number: int
    text: str | None
    place: str = ""


def find_line(key: str, number: int) -> RawLine:
    """The record as it lies in the raw object: read again rather than trusted to a copy. Raises NotFound."""
    store = open_store()
    about = store.head(key)
    return read_line(store, about, number)


def read_line(store: Store, about: RawObject, number: int) -> RawLine:
    address = store.address(about.key)
    reader = import_module(f"watershed.sources.{find_source(about.source).kind}")
    if not hasattr(reader, "read"):
        text = f"a row of the extraction that {address} describes"
        return RawLine(about, address, number, text)
    for records in reader.read(store, [about.key], {}):
        numbers = records.column("raw_line").to_pylist()
        if numbers and numbers[0] <= number <= numbers[-1]:
            record = records.slice(numbers.index(number), 1).to_pylist()[0]
            return RawLine(about, address, number, record["line"], format_place(record))
    return RawLine(about, address, number, None)


def format_place(record: Mapping[str, object]) -> str:
    return f"partition {record['partition']}, offset {record['message_offset']}" if "partition" in record else ""


def list_publishes(key: str) -> list[tuple[int, str]]:
    """Snapshot and run of every publish of a raw object."""
    with closing(connect(read_only=True)) as con:
        return con.execute(PUBLISHES, [key]).fetchall()


def list_predecessors(key: str) -> list[tuple[str, str]]:
    """Key and name of every object whose place a raw object has taken."""
    with closing(connect(read_only=True)) as con:
        return con.execute(PREDECESSORS, [key]).fetchall()
