"""Objects that are refused now, as somebody names them."""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from watershed.declarations import load_sources
from watershed.declarations.nearby import list_near
from watershed.errors import InvalidInput, NotFound
from watershed.warehouse.connection import connect

STILL = """
    SELECT source, raw_object, object_name, reason, refused_at, left_by FROM ledger.open_refusals
    ORDER BY refused_at DESC, object_name, raw_object
"""


@dataclass(frozen=True)
class RefusedObject:
    """What was refused the last time that a run took it, and why, in a sentence; and who has left it so since."""

    source: str
    key: str
    name: str
    reason: str
    refused_at: datetime
    left_by: str | None = None


def find_refused_objects(subject: str | None = None) -> list[RefusedObject]:
    """All, or those of a source, or those with this file name or key (or its beginning), the latest first.

    Raises NotFound for an object that is not refused, InvalidInput for a name that objects of several sources have.
    """
    with closing(connect(read_only=True)) as con:
        found = [RefusedObject(*row) for row in con.execute(STILL).fetchall()]
    chosen = [one for one in found if subject is None or is_meant(one, subject)]
    if subject is None or subject in load_sources():
        return chosen
    if not chosen:
        near = list_near(subject, {*load_sources(), *(one.name for one in found)})
        meant = f"did you mean {' or '.join(near)}? " if near else ""
        raise NotFound(f"{subject!r} is not refused: {meant}`watershed refused` lists what is, by file name and key")
    if len(sources := sorted({one.source for one in chosen})) > 1:
        raise InvalidInput(f"{subject!r} is refused of {' and '.join(sources)}: name it by its key")
    return chosen


def is_meant(one: RefusedObject, subject: str) -> bool:
    if subject in load_sources():
        return one.source == subject
    return subject in (one.name, one.key) or (len(subject) >= 8 and one.key.rpartition("/")[2].startswith(subject))
