"""Refusals: which raw objects of a checked run are not published, and why."""

from collections import Counter
from contextlib import closing

from watershed.declarations.counting import count_nouns
from watershed.declarations.table import Stream, Table
from watershed.errors import UserError
from watershed.flows.ingest.checked_run import CheckedRun
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import list_refused, utc_now
from watershed.warehouse.ledger.rows import RefusalRow


class PublishBlocked(UserError):
    """A batch of a stream breaks a blocking rule: a defect of ours, not of the messages."""


def find_refused(run: CheckedRun, accepted: set[str]) -> dict[str, str]:
    """Why which objects cannot be published: key to sentence. `accepted`: those that somebody publishes anyway,
    as far as they can be read."""
    unread = run.staged.refused
    refused = dict(unread)
    accepted = accepted | set(run.landed.accepted)
    refused |= {key: why for key, why in run.landed.settled.forks.items() if key not in {*accepted, *unread}}
    for table in run.tables:
        checked = run.checked[table.name]
        for key, tally in run.staged.tables[table.name].tallies.items():
            bad = checked.quarantined.get(key, 0)
            if key in accepted:
                continue
            if checked.blocked:
                refused.setdefault(key, f"{table.address}: {checked.blocked}")
            elif not isinstance(run.source, Stream) and not table.budget.allows(bad, tally.read):
                refused.setdefault(key, explain_budget(table, run, key, bad, tally.read))
    for key, bad in find_noise(run).items():
        if key not in accepted:
            refused.setdefault(key, explain_noise(run, key, bad))
    if run.source.kind == "oltp" and (judged := refused.keys() - unread.keys()):
        why = refused[min(judged)]  # those that could be folded are one history: all of it, or nothing
        refused = {key: refused.get(key, why) for key in run.objects}
    if refused and isinstance(run.source, Stream):  # the next messages must not overtake these
        raise PublishBlocked(f"nothing of {run.source.name} is published: {next(iter(refused.values()))}")
    return refused


def find_noise(run: CheckedRun) -> dict[str, int]:
    """Files with not one good row in any table, however few rows they have: key to number of bad ones.

    Nobody can have mistaken a batch of messages or an extraction for another: they hold whatever
    came or changed since the one before, which may be a single bad row.
    """
    if run.source.kind not in ("logs", "documents"):
        return {}
    good, bad = Counter[str](), Counter[str]()
    for checked in run.checked.values():
        good.update(checked.written)
        bad.update(checked.quarantined)
    return {key: rows for key, rows in bad.items() if not good[key]}


def explain_noise(run: CheckedRun, key: str, bad: int) -> str:
    return (
        f"{run.objects[key].name} has not one good row for {' or '.join(t.address for t in run.tables)} ({bad:,} bad): "
        f"make sure that it is the file that was meant, or mend the transform, {explain_retry(run)}"
    )


def explain_budget(table: Table, run: CheckedRun, key: str, bad: int, read: int) -> str:
    return (
        f"{bad:,} of {count_nouns(read, 'row')} of {run.objects[key].name} are bad for {table.address}, whose contract "
        f"refuses a file of which {table.budget.describe()}: mend the file or the transform, {explain_retry(run)}"
    )


def explain_retry(run: CheckedRun) -> str:
    return f"then `watershed run ingest_{run.source.name} --refused`; or decide to publish it anyway"


def list_refusal_rows(run: CheckedRun, refused: dict[str, str]) -> list[RefusalRow]:
    now = utc_now()
    return [RefusalRow(run.source.name, key, run.objects[key].name, why, now) for key, why in refused.items()]


def list_still_refused(source: str, run_id: str) -> dict[str, str]:
    """What a run refused and nobody has published since: key to sentence."""
    query = "SELECT raw_object, reason FROM ledger.refusals WHERE source = ? AND run_id = ? ORDER BY raw_object"
    with closing(connect()) as con:
        still = list_refused(con, source)
        return {key: why for key, why in con.execute(query, [source, run_id]).fetchall() if key in still}
