"""Taking a database: what changed in it since the extraction that was published last becomes a raw object."""

from contextlib import closing
from hashlib import sha256

from watershed.declarations import tables_of
from watershed.declarations.table import Source
from watershed.flows.decisions.decide import About, record_decision
from watershed.lake.store import Store
from watershed.settings import load_settings, source_url
from watershed.sources.postgres.extraction_order import Taken, order_extractions
from watershed.sources.postgres.extractions import read_manifest, read_manifests
from watershed.warehouse.connection import connect, open_engine
from watershed.warehouse.ledger.history import (
    find_latest_extraction,
    list_extractions,
    list_published,
    list_refused,
    list_undecided,
)
from watershed.warehouse.publish import hold_lock


def extract_database(source: Source, store: Store) -> None:
    """Land what changed in a database since the latest extraction that is published; nothing when nothing did.

    One at a time, so that extractions land in the order in which they saw the database.
    """
    from watershed.sources.oltp import extract

    settings = load_settings()
    with hold_lock(settings, f"watershed.extract {source.name}"), closing(open_engine(settings)) as con:
        published = find_published(source, store)
        last = find_last(source, store, published)
        since = published.key if published else None
        if extract(con, source_url(source.name), store, source.name, since, tables_of(source), last) is None:
            leave_refused(source, list_waiting(source), f"nothing has changed since {since}, which is published")


def find_published(source: Source, store: Store) -> Taken | None:
    """The extraction of a source that was taken last of those that are published."""
    with closing(connect()) as con:
        if found := find_latest_extraction(con, source.name):
            key, number, seen_at = found
            return Taken(key, read_manifest(store, key), number, seen_at)
        published = list_published(con, source.name)
    extractions, _ = read_manifests(store, published)  # from before the ledger knew of an order
    return next(iter(order_extractions(store, extractions)[-1:]), None)


def find_last(source: Source, store: Store, published: Taken | None) -> Taken | None:
    """The extraction that was taken last, whatever became of it."""
    with closing(connect()) as con:
        latest = find_latest_extraction(con, source.name, is_published=False)
        known = list_extractions(con, source.name) | list_published(con, source.name)
    unknown = {*store.list_raw(source.name)} - known | ({latest[0]} if latest else set())
    extractions, _ = read_manifests(store, unknown)
    taken = [published, *order_extractions(store, extractions)]
    return max(filter(None, taken), key=lambda one: one.number, default=None)


def list_waiting(source: Source) -> set[str]:
    """The extractions that are refused and that nobody has left so."""
    with closing(connect()) as con:
        return list_undecided(con, source.name)


def list_retried(source: Source, store: Store) -> list[str]:
    """The extractions to fold where refused ones are tried again: all, since one continues the other. None where only
    such are refused that a later one, which is published, has superseded."""
    with closing(connect()) as con:
        refused, published = list_refused(con, source.name), list_published(con, source.name)
    latest = find_published(source, store)
    extractions, _ = read_manifests(store, refused)
    taken = order_extractions(store, extractions)
    again = {one.key for one in taken if latest is None or one.number > latest.number}
    return sorted(again | published) if again else []


def leave_superseded(source: Source, store: Store) -> None:
    """Record of refused extractions that a later one is published, which brought all that they had: each builds on what
    was published before both."""
    if not (waiting := list_waiting(source)) or (latest := find_published(source, store)) is None:
        return
    extractions, unreadable = read_manifests(store, waiting)
    taken = order_extractions(store, extractions)
    older = {one.key for one in taken if one.number < latest.number} | set(unreadable)
    leave_refused(source, older, f"superseded by {latest.key}, which was taken later and is published")


def leave_refused(source: Source, objects: set[str], why: str) -> None:
    for key in sorted(objects):
        digest = sha256(f"leave {key}".encode()).hexdigest()[:16]
        record_decision("leave", source.name, About(source=source.name, objects=[key]), why, "watershed", digest)
