"""Histories (SCD2): every version of a record that an extraction saw, folded from one extraction after the other.

Words used here:
*version*: a row of a history, valid from `valid_from` until just before `valid_to`, or still. *Latest* version of a
record: the one with the greatest `valid_from`; it is current, unless the record was deleted.
*seen*: when an extraction saw the database. Extractions are folded in the order in which they were taken, and each is
seen later than the one before it, whatever clocks say.
*start*: when a new version begins. That is what the source says (in the contract's `changed_at`), if it is neither
earlier than what is known of the record nor later than seen; else the moment of being seen. So versions of a record
never overlap, and none begins after it was seen.

Names of ours begin with an underscore here, which those of a contract never do.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from operator import or_

import ibis
from ibis import ir

from watershed.declarations.table import TRACE

TRACE_NAMES = tuple(c.name for c in TRACE)
MICROSECOND = {"microseconds": 1}
LONG_AGO = datetime(1, 1, 1)  # what is said to be older, such as -infinity, says nothing


def fold_history(
    previous: ir.Table,
    rows: ir.Table,
    keys: ir.Table,
    *,
    key: Sequence[str],
    seen_at: datetime | ir.TimestampScalar,
    changed_at: str | None = "updated_at",
) -> ir.Table:
    """The complete history of every record that an extraction changes; no row where it changes nothing.

    `previous`: all versions so far, the table's columns and HISTORY, none of which is of an extraction taken later, and
    columns that were retired. `rows`: the extraction's new and changed rows, the table's columns and TRACE; one a key,
    and those that say nothing new are welcome. A record with a key but no row here stays as it is. `keys`: the key
    columns of all records that exist. `seen_at` (UTC): when the extraction saw them, later than the one before it. New
    versions carry the `raw_object` and `raw_line` of their rows, older ones keep theirs.
    """
    moment = ibis.literal(seen_at) if isinstance(seen_at, datetime) else seen_at
    seen = moment.cast(previous.valid_from.type())
    latest = find_latest(previous, key)
    changes = find_changes(latest, rows, key, seen, changed_at)
    ends = find_ends(latest, changes, keys, key, seen)
    affected = ends.select(*key).union(changes.select(*key), distinct=True)
    closed = close_versions(previous.semi_join(affected, key), ends, key)
    as_before = previous.schema()  # engines differ in the precision that they give a timestamp
    return closed.cast(as_before).union(open_versions(changes, previous).cast(as_before))


def find_latest(previous: ir.Table, key: Sequence[str]) -> ir.Table:
    last = previous.valid_from.max().over(group_by=list(key))
    return previous.mutate(_last=last).filter(ibis._.valid_from == ibis._["_last"]).drop("_last")


def find_changes(
    latest: ir.Table, rows: ir.Table, key: Sequence[str], seen: ir.TimestampScalar, changed_at: str | None
) -> ir.Table:
    """Rows that begin a version, with its `_start`, and `_ends_version` where a current one ends then."""
    before = latest.rename("_was_{name}")
    met = rows.left_join(before, [rows[k] == before[f"_was_{k}"] for k in key])
    values = [c for c in rows.columns if c not in (*key, *TRACE_NAMES)]
    differs = reduce(or_, (~met[c].identical_to(met[f"_was_{c}"]) for c in values), ibis.literal(False))
    is_new = met[f"_was_{key[0]}"].isnull()
    known = ibis.coalesce(met["_was_valid_to"], met["_was_valid_from"] + ibis.interval(**MICROSECOND))
    earliest = ibis.coalesce(known, ibis.literal(LONG_AGO, seen.type()))
    start = ibis.greatest(seen, earliest)
    if changed_at:
        said = met[changed_at].cast(seen.type())
        start = said.between(earliest, seen).fill_null(False).ifelse(said, start)
    was_current = met["_was_is_current"].fill_null(False)
    changed = met.mutate(_start=start.cast(seen.type()), _ends_version=was_current)
    wanted = changed.filter(is_new | ~was_current | differs)
    return wanted.select(*rows.columns, "_start", "_ends_version")


def find_ends(
    latest: ir.Table, changes: ir.Table, keys: ir.Table, key: Sequence[str], seen: ir.TimestampScalar
) -> ir.Table:
    """The key of every version that ends, when it ends (`_end`) and whether because the record is gone (`_is_gone`)."""
    replaced = changes.filter("_ends_version").select(*key, _end=ibis._["_start"], _is_gone=ibis.literal(False))
    gone = latest.filter("is_current").anti_join(keys, key)
    end = ibis.greatest(seen, gone.valid_from + ibis.interval(**MICROSECOND)).cast(seen.type())
    return replaced.union(gone.select(*key, _end=end, _is_gone=ibis.literal(True)))


def close_versions(versions: ir.Table, ends: ir.Table, key: Sequence[str]) -> ir.Table:
    """The versions of all affected records, the current ones ended where they end."""
    endings = ends.rename("_of_{name}")
    met = versions.left_join(endings, [versions[k] == endings[f"_of_{k}"] for k in key])
    ends_now = met.is_current & met["_of__end"].notnull()
    closed = met.mutate(
        valid_to=ends_now.ifelse(met["_of__end"], met.valid_to),
        is_current=met.is_current & ~ends_now,
        is_deleted=ends_now.ifelse(met["_of__is_gone"], met.is_deleted),
    )
    return closed.select(*versions.columns).cast(versions.schema())


def open_versions(changes: ir.Table, previous: ir.Table) -> ir.Table:
    retired = {n: ibis.null(kind) for n, kind in previous.schema().items() if n not in changes.columns}
    opened = changes.mutate(**retired).mutate(
        valid_from=changes["_start"],
        valid_to=ibis.null(previous.valid_to.type()),
        is_current=ibis.literal(True),
        is_deleted=ibis.literal(False),
    )
    return opened.select(*previous.columns).cast(previous.schema())
