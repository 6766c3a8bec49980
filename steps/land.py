"""Land: bytes become raw objects, and a run takes those that are not yet published."""

from contextlib import closing
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

from contracts import find_source, tables_of
from contracts.settings import load_settings, source_url
from contracts.table import Source, Stream
from lake.store import RawObject, Store, open_store, spell_step_key
from steps.land_topic import take_topic
from steps.take_decided import take_decided
from warehouse.connection import connect, open_engine
from warehouse.ledger import find_latest_object, list_objects_of_days, list_published, list_refused


def land_file(source_name: str, path: Path, day: date | None = None) -> RawObject:
    """Hand one file over, as an outside producer would. Landing the same content twice changes nothing.

    `day` dates lines that carry a time of day only. Raises ValueError when such lines have no day, LookupError for an
    unknown source, OSError for an unreadable file.
    """
    source = find_source(source_name)
    if source.kind == "oltp":
        raise ValueError(f"{source.name} is a database, not files: `watershed run ingest_{source.name}` extracts it")
    if isinstance(source, Stream):
        raise ValueError(f"{source.name} is a topic, not files: `watershed produce {source.name}` sends messages")
    reader = import_module(f"sources.{source.kind}")
    with path.open("rb") as content:
        dated = getattr(reader, "find_day", lambda name: None)(path.name)
        needs_day = getattr(reader, "needs_day", lambda head: False)
        if not needs_day(content.read(1 << 16)):
            day = None
        elif (day := day or dated) is None:
            raise ValueError(
                f"{path}: its lines carry a time of day only; name the day with --date, "
                "or in the file's name (2026-11-01)"
            )
        return open_store().put_once(source.name, content, path.name, day)


def find_arrivals(source_name: str) -> list[str]:
    """Keys of a source's raw objects that are neither published nor refused, in order of key."""
    source = find_source(source_name)
    con = connect()
    known = list_published(con, source.name) | list_refused(con, source.name)
    return [key for key in open_store().list_raw(source.name) if key not in known]


def take_arrivals(
    source_name: str,
    run_id: str,
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
    if decision:
        return take_decided(source_name, run_id, decision)
    source = find_source(source_name)
    store = open_store()
    if isinstance(source, Stream) and first is None and not refused:
        return take_topic(source, run_id, store)
    if source.kind == "oltp" and first is None:
        extract_database(source, store)
    keys = choose_objects(source, first, last or first, refused)
    objects = [store.head(key) for key in keys]
    about: dict[str, Any] = {"source": source.name, "objects": keys, "rebuild": first is not None}
    if first is not None:
        about["layer"] = "core"  # of a stream: what is computed from raw once more is complete
    store.write_json(spell_step_key(run_id, "land"), about)
    return {"objects": len(objects), "bytes": sum(o.bytes for o in objects)}


def choose_objects(source: Source, first: date | None, last: date | None, refused: bool) -> list[str]:
    con = connect()
    if source.kind == "oltp" and (first is not None or refused):
        # A history is folded from one extraction after the other: rebuilding any of it means folding all of it again.
        return sorted(list_published(con, source.name) | (list_refused(con, source.name) if refused else set()))
    if first is not None and last is not None:
        return sorted(list_objects_of_days(con, source.name, first, last))
    if refused:
        return sorted(list_refused(con, source.name))
    return find_arrivals(source.name)


def extract_database(source: Source, store: Store) -> None:
    """Land what changed in a database since the latest extraction that is published; nothing when nothing did."""
    from sources.oltp import extract

    settings = load_settings()
    since = find_latest_object(connect(), source.name)
    with closing(open_engine(settings)) as con:
        extract(con, source_url(source.name), store, source.name, since, tables_of(source))
