"""Drop: rows that a person has given up leave the quarantine, and are counted. The raw objects stay.

Books are not rewritten: they say what the publish did, and `ledger.departures` which lines left since. A dropped line
stays away when its object is built again from raw, unless it is bad for another reason then, or good.
"""

from contextlib import closing

from duckdb import DuckDBPyConnection

from watershed.declarations import find_table
from watershed.errors import NotFound
from watershed.flows.decisions.decide import About, DataChange, Decision, outcome_sql
from watershed.flows.ingest.announce import publish
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.departures import same_sql
from watershed.warehouse.ledger.rows import OutcomeRow
from watershed.warehouse.publication import LedgerRows
from watershed.warehouse.publish import Overtaken, Publication, TablePart

TRIES = 5


def drop_rows(decision: Decision, run_id: str) -> DataChange:
    """Take the rows that the decision is about out of their quarantine.

    Raises Overtaken when the decision has been carried out, or when others keep changing these very rows.
    """
    condition = chosen_sql(decision)
    for left in reversed(range(TRIES)):
        with closing(connect()) as con:
            rows = count_chosen(con, decision)
        changed = f"SELECT 1 WHERE (SELECT count(*) FROM {decision.subject} WHERE {condition}) <> {rows}"
        publication = Publication(
            run_id=run_id,
            subject=decision.subject,
            actor=decision.decided_by,
            parts=(TablePart(decision.subject, (), replaced=condition),),
            rows=LedgerRows(outcomes=[OutcomeRow(decision.decision_id, rows)]),
            overtaken=f"{outcome_sql(decision.decision_id)} UNION ALL {changed}",
            reason=decision.reason,
        )
        try:
            return DataChange(rows, snapshot=publish(publication))
        except Overtaken:
            if not left:
                raise
    raise AssertionError("unreachable")


def count_chosen(con: DuckDBPyConnection, decision: Decision) -> int:
    """How many rows of those that the decision is about are in quarantine."""
    row = con.execute(f"SELECT count(*) FROM {decision.subject} WHERE {chosen_sql(decision)}").fetchone()
    return int(row[0]) if row else 0


def chosen_sql(decision: Decision) -> str:
    """A condition for the rows of a quarantine that a decision is about: those that were there when the person looked,
    and that are there for the same reason still. Raises NotFound for a subject that is not a quarantine."""
    own = f"quarantine.{find_table(decision.subject).name}"
    if decision.subject != own:
        raise NotFound(f"{decision.subject} is not a quarantine: did you mean {own}?")
    same = format_reason(decision.about)
    seen = f"SELECT (raw_object, raw_line) FROM {own} AT (VERSION => {int(decision.about.snapshot or 0)}) WHERE {same}"
    return f"{same} AND (raw_object, raw_line) IN ({seen})"


def format_reason(about: About) -> str:
    """A condition for rows of one source, rule and, if it says one, reason with its numbers as N."""
    conditions = [f"split_part(raw_object, '/', 2) = {quote(about.source)}", f"rule = {quote(about.rule)}"]
    if about.reason:
        conditions.append(same_sql(about.reason))
    return " AND ".join(conditions)
