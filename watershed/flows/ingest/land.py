"""Land: bytes become raw objects, and a run takes those that are not yet published."""

import os
from contextlib import closing
from datetime import date
from pathlib import Path

from watershed.declarations import find_source, tables_of
from watershed.declarations.table import Layer, Source, Stream
from watershed.flows.begun import Run
from watershed.flows.decisions.select_decided import take_decided
from watershed.flows.ingest.extract_database import extract_database, list_retried
from watershed.flows.ingest.files import date_lines, find_file_source, verify_file
from watershed.flows.ingest.land_topic import take_topic
from watershed.flows.landed import Landed, write_landed
from watershed.flows.prepare import prepare_tables
from watershed.flows.succession.kin import Kin, simplify_name
from watershed.flows.succession.succession import ask_kin, settle_succession
from watershed.lake.raw_objects import Landing, RawObject, verify_origin
from watershed.lake.store import Store, is_named_by_content, open_store, raw_key
from watershed.sources.measure import measure
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import (
    is_dropped,
    list_known,
    list_objects_of_days,
    list_published,
    list_refused,
)


def land_file(
    source_name: str, path: Path, day: date | None = None, origin: str | None = None, is_separate: bool = False
) -> RawObject:
    """Hand one file over, as an outside producer would. Landing the same content twice changes nothing.

    `day` dates lines that carry a time of day only. `origin` names who produced the file: the same content of two
    origins is two objects. An object that begins with what is known takes its place, unless it `is_separate`.

    Raises InvalidInput when lines have no day or for a file that cannot be landed, NotFound for an unknown source,
    OSError for an unreadable file.
    """
    source = find_file_source(source_name)
    origin = verify_origin(origin) if origin is not None else None
    verify_file(path)
    name = os.fsencode(path.name).decode(errors="backslashreplace")  # which may be any bytes
    with path.open("rb") as content:
        day = date_lines(source, path, content.read(1 << 16), day)
        content.seek(0)
        kin: list[Kin] = []

        def find_lengths(head: str) -> list[int]:
            newcomer = Kin("", simplify_name(name), origin, None, None, head)
            kin.extend(() if is_separate else ask_kin(source, newcomer))
            return [one.size for one in kin if one.size]

        measured = measure(content, find_lengths)
        continues = tuple(one.key for one in kin if measured.begins_with(one.size, one.sha256))
        landing = Landing(name, measured.sha256, day, origin, measured.content, is_separate, continues)
        return open_store().put_once(source.name, content, landing)


def find_arrivals(source_name: str) -> list[str]:
    """What a run would take now; see list_arrivals. Raises NotFound for an unknown source."""
    return list_arrivals(find_source(source_name), open_store())


def list_arrivals(source: Source, store: Store) -> list[str]:
    """Keys of a source's raw objects that are neither published nor refused as they are now, in order of key.

    What a producer wrote over its own object, under a name that is not of the content, has arrived anew.
    """
    known = list_known(connect(), source.name)
    written = ((key, at.replace(microsecond=0)) for key, at in store.list_times(raw_key(source.name, "")))
    return [key for key, at in written if key not in known or (not is_named_by_content(key) and at > known[key])]


def take_arrivals(
    run: Run,
    first: date | None = None,
    last: date | None = None,
    refused: bool = False,
    decision: str | None = None,
) -> dict[str, int]:
    """Decide what a run ingests: what is new; or, with dates, all that holds rows of these days; or what was refused;
    or, with the id of a decision, what that is about.

    A source that is a database is extracted first, and the new messages of a topic are landed. Leaves `land.json`;
    returns the number of objects and bytes.
    """
    source, store = run.source, run.store
    prepare_tables([table.address for table in tables_of(source)] if isinstance(source, Stream) else [])
    if decision:
        return take_decided(run, decision)
    if isinstance(source, Stream) and first is None and not refused:
        return take_topic(run, source)
    if source.kind == "oltp" and first is None and not refused:
        extract_database(source, store)
    keys = choose_objects(run, first, last or first, refused)
    is_rebuild = first is not None or (source.kind == "oltp" and refused)
    if source.kind == "oltp" and not is_rebuild and must_refold(source):
        keys, is_rebuild = sorted({*keys, *list_published(connect(), source.name)}), True
    objects = [store.head(key) for key in keys]
    layer: Layer | None = "core" if first is not None else None  # of a stream: what is computed once more is complete
    write_landed(run, Landed(source, settle_succession(source, store, objects), is_rebuild, layer))
    return {"objects": len(objects), "bytes": sum(o.bytes for o in objects)}


def must_refold(source: Source) -> bool:
    """Whether a history of the source was dropped, and with it what the next extraction would continue."""
    with closing(connect()) as con:
        return is_dropped(con, [table.address for table in tables_of(source)])


def choose_objects(run: Run, first: date | None, last: date | None, refused: bool) -> list[str]:
    source, con = run.source, connect()
    if source.kind == "oltp" and refused:
        return list_retried(source, run.store)
    if source.kind == "oltp" and first is not None:
        # A history is folded from one extraction after the other: rebuilding any of it means folding all of it again.
        return sorted(list_published(con, source.name))
    if first is not None and last is not None:
        return sorted(list_objects_of_days(con, source.name, first, last))
    if refused:
        return sorted(list_refused(con, source.name))
    return list_arrivals(source, run.store)
