"""What tests of decisions have in common: logs with bad lines, and decisions that are carried out as the DAGs do it."""

from datetime import date
from pathlib import Path
from typing import Any

from tests.runs import begin
from watershed.flows import run
from watershed.flows.decisions.apply_decision import CarriedOut, carry_out
from watershed.flows.decisions.decide import About, record_decision
from watershed.flows.decisions.drop import format_reason
from watershed.flows.decisions.select_decided import take_decided
from watershed.flows.ingest.land import take_arrivals
from watershed.flows.published import Published
from watershed.warehouse.connection import connect
from watershed.warehouse.publish import read_snapshot


def write_log(path: Path, day: int, *, good: int = 3, bad: int = 0) -> Path:
    """A log of a day of November 2026: `good` requests for /<file name>, and `bad` lines of no form."""
    lines = [f"0{n % 10}:00:00 10.0.0.1 GET /{path.stem} 200\n" for n in range(good)]
    path.parent.mkdir(exist_ok=True)
    named = path.with_name(f"{path.stem}-2026-11-{day:02}.log")
    named.write_text("".join(lines) + f"no line of {path.stem}\n" * bad)
    return named


def decide(kind: Any, subject: str, about: dict[str, Any], reason: str = "a test says so") -> str:
    return record_decision(kind, subject, About(**about), reason, "anna")


def choose_rows(table: str, source: str, rule: str) -> dict[str, Any]:
    """What the page says of the rows of one rule that are in quarantine now."""
    about = {"source": source, "rule": rule}
    con = connect()
    rows = con.execute(f"SELECT count(*) FROM quarantine.{table} WHERE {format_reason(About(**about))}").fetchone()
    return about | {"snapshot": read_snapshot(con), "rows": rows[0] if rows else 0}


def follow(decision_id: str, run_id: str) -> CarriedOut:
    """Carry a decision out, with the ingest run that it may need."""
    done = carry_out(decision_id, run_id)
    if done.source is not None:
        ingest_decided(done.source, decision_id, f"ingest.{run_id}")
    return done


def ingest_decided(source: str, decision_id: str, run_id: str) -> Published | None:
    return publish_taken(source, run_id) if take_decided(begin(source, run_id), decision_id)["objects"] else None


def rebuild(source: str, run_id: str, day: int) -> Published:
    """Build a day of November 2026 from raw again."""
    take_arrivals(begin(source, run_id), date(2026, 11, day))
    return publish_taken(source, run_id)


def publish_taken(source: str, run_id: str) -> Published:
    return run.publish_taken(begin(source, run_id))


def ask(query: str) -> list[Any]:
    return connect().execute(query).fetchall()
