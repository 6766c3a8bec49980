"""Histories (SCD2): every version of a record that an extraction saw, folded from one extraction after the other.

Words used here:
*version*: a row of a history, valid from `valid_from` until just before `valid_to`, or still. *Latest* version of a
record: the one with the greatest `valid_from`; it is current, unless the record was deleted.
*start*: when a new version begins. That is what the source says (in the contract's `changed_at`), or where it says
nothing, or says to be older than what is known already, the moment of the extraction: versions of a record never
overlap.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from operator import or_

import ibis
from ibis import ir

from contracts.table import TRACE, Table

TRACE_NAMES = tuple(c.name for c in TRACE)
MICROSECOND = {"microseconds": 1}


def select_columns(rows: ir.Table, table: Table) -> ir.Table:
    """An extraction's rows with just the contract's columns, in its types, and the trace.

    Raises ValueError when the database lacks a column.
    """
    if missing := [c.name for c in table.columns if c.name not in rows.columns]:
        raise ValueError(
            f"the database's table {table.name} has no column {', '.join(missing)}, which the contract wants: "
            f"mend contracts/{table.name}.py or the database"
        )
    typed = {c.name: rows[c.name].cast(ibis.dtype(c.type)) for c in table.columns}
    return rows.select(**typed, **{name: rows[name] for name in TRACE_NAMES})


def fold_history(
    previous: ir.Table,
    rows: ir.Table,
    keys: ir.Table,
    *,
    key: Sequence[str],
    cut_at: datetime,
    folded_until: datetime | None,
    changed_at: str | None = "updated_at",
) -> ir.Table:
    """The complete history of every record that an extraction changes; no row where it changes nothing.

    `previous`: all versions so far, the table's columns and HISTORY. `rows`: the extraction's new and changed rows, the
    table's columns and TRACE; one a key, and those that say nothing new are welcome. `keys`: the key columns of all
    records that exist at `cut_at` (UTC). `folded_until`: `cut_at` of the latest extraction in `previous`; one that is
    not later changes nothing. New versions carry the `raw_object` and `raw_line` of their rows, older ones keep theirs.
    """
    if folded_until is not None and cut_at <= folded_until:
        return previous.limit(0)
    cut = ibis.literal(cut_at, previous.valid_from.type())
    latest = find_latest(previous, key)
    changes = find_changes(latest, rows, key, cut, changed_at)
    ends = find_ends(latest, changes, keys, key, cut)
    affected = ends.select(*key).union(changes.select(*key), distinct=True)
    closed = close_versions(previous.semi_join(affected, key), ends, key)
    as_before = previous.schema()  # engines differ in the precision that they give a timestamp
    return closed.cast(as_before).union(open_versions(changes, previous).cast(as_before))


def find_latest(previous: ir.Table, key: Sequence[str]) -> ir.Table:
    last = previous.valid_from.max().over(group_by=list(key))
    return previous.mutate(last=last).filter(ibis._.valid_from == ibis._.last).drop("last")


def find_changes(
    latest: ir.Table, rows: ir.Table, key: Sequence[str], cut: ir.TimestampScalar, changed_at: str | None
) -> ir.Table:
    """Rows that begin a version, with its `start`, and `ends_version` where a current one ends then."""
    before = latest.rename("was_{name}")
    met = rows.left_join(before, [rows[k] == before[f"was_{k}"] for k in key])
    values = [c for c in rows.columns if c not in (*key, *TRACE_NAMES)]
    differs = reduce(or_, (~met[c].identical_to(met[f"was_{c}"]) for c in values), ibis.literal(False))
    is_new = met[f"was_{key[0]}"].isnull()
    said = ibis.coalesce(met[changed_at], cut) if changed_at else cut
    known = ibis.coalesce(met.was_valid_to, met.was_valid_from + ibis.interval(**MICROSECOND))
    start = ibis.cases((is_new | (said >= known), said), else_=ibis.greatest(cut, known)).cast(cut.type())
    changed = met.mutate(start=start, ends_version=~is_new & met.was_is_current)
    wanted = changed.filter(is_new | ~met.was_is_current | differs)
    return wanted.select(*rows.columns, "start", "ends_version")


def find_ends(
    latest: ir.Table, changes: ir.Table, keys: ir.Table, key: Sequence[str], cut: ir.TimestampScalar
) -> ir.Table:
    """The key of every version that ends, when it ends, and whether because the record is gone."""
    replaced = changes.filter("ends_version").select(*key, end=ibis._.start, is_gone=ibis.literal(False))
    gone = latest.filter("is_current").anti_join(keys, key)
    end = ibis.greatest(cut, gone.valid_from + ibis.interval(**MICROSECOND)).cast(cut.type())
    return replaced.union(gone.select(*key, end=end, is_gone=ibis.literal(True)))


def close_versions(versions: ir.Table, ends: ir.Table, key: Sequence[str]) -> ir.Table:
    """The versions of all affected records, the current ones ended where they end."""
    endings = ends.rename("ending_{name}")
    met = versions.left_join(endings, [versions[k] == endings[f"ending_{k}"] for k in key])
    ends_now = met.is_current & met.ending_end.notnull()
    closed = met.mutate(
        valid_to=ends_now.ifelse(met.ending_end, met.valid_to),
        is_current=met.is_current & ~ends_now,
        is_deleted=ends_now.ifelse(met.ending_is_gone, met.is_deleted),
    )
    return closed.select(*versions.columns).cast(versions.schema())


def open_versions(changes: ir.Table, previous: ir.Table) -> ir.Table:
    opened = changes.mutate(
        valid_from=changes.start,
        valid_to=ibis.null(previous.valid_to.type()),
        is_current=ibis.literal(True),
        is_deleted=ibis.literal(False),
    )
    return opened.select(*previous.columns).cast(previous.schema())
