"""Runbooks: a DAG's page shows the docstring of its file, and for an ingest what holds for all sources of its kind.

A docstring ends with whose the DAG is; how to reach them the declared owner says.
"""

import re

from watershed.declarations import find_source, tables_of
from watershed.declarations.owners import find_owner
from watershed.declarations.table import Source, Stream

OWNER = re.compile(r"^\*\*Owner\*\* (\S+)$", re.MULTILINE)

FILES = """\
**When it fails**
- `land`, or any task with *connection* in its error: the S3 server or PostgreSQL is away. It retries by itself; then
  clear the failed task.
- `report_refused`: the run is published, without the objects that the task's log names: unreadable ones, ones with more
  bad rows than the contract tolerates, or all when a table looks wrong as a whole, such as a day with far too few rows.
  Repair the cause, then trigger the DAG with *Retry refused objects*; or answer what `decide_refusals` asks about them.

Rows that break a rule are not a failure: they are in {quarantine}, each with the rule and its line.

**Safe to rerun?** Always: a publish replaces what the same objects had published before. Days are rebuilt from raw with
*Trigger*, *Rebuild from* and *to* (one run), or with *Backfill* (a run for each day)."""

DATABASE = """\
**When it fails**
- `land`, or any task with *connection* in its error: the database, the S3 server or PostgreSQL is away. It retries by
  itself; then clear the failed task.
- `land` with a sentence about a contract: the database is no longer what the contract says, and nothing was landed. Do
  what the sentence says, then trigger the DAG again.
- `report_refused`: nothing of the extract is published, because a table looks wrong as a whole, such as one with far
  too few rows; the task's log says why. Repair the cause, then trigger the DAG again.
- `report_refused`, *is not what it was*: all is published. The database was restored or replaced, or its clock went
  back: find out whether it has what it should have.

Rows that break a rule are not a failure: they are in {quarantine}, each with the rule and its record.

**Safe to rerun?** Always: histories are folded by key, and the same extract gives the same history. To fold extracts
of some days again use *Backfill*, or *Trigger* with *Rebuild from* and *to*."""

TOPIC = """\
**When it fails**
- any task with *connection*, *timed out* or *transport* in its error: the broker, the S3 server or PostgreSQL is away.
  It retries by itself, and so does the next run; nothing is lost as long as the broker keeps its messages.
- `land` with *the broker has no topic*: make it; `watershed up` does that on the local broker.
- `land` with *the broker deleted … messages before they were read* or *the topic was made anew*: the messages between
  are gone. Find out why, then do what the error says; what was lost is recorded in `ledger.offsets`.
- `publish` with *nothing of {source} is published*: the batch breaks a rule that no message can break, so the defect is
  ours. Repair it and trigger the DAG; the messages wait.

Messages that break a rule are not a failure: they are in {quarantine}, with topic, partition and offset, and
`watershed replay {source}` tries them again after a fix. `publish` is skipped where another consumer was faster.

**Safe to rerun?** Always: the offsets are published with the rows, so no message is there twice. Days (of arrival) are
rebuilt from the raw messages, into `core`, with *Trigger*, *Rebuild from* and *to*."""


def complete_runbook(text: str | None, source: str | None = None) -> str:
    """For `doc_md=` of a DAG: its docstring, with links to the owner behind the name. For the ingest DAG of a source
    what to do when it fails, and whether it is safe to rerun, stand before the owner."""
    shared = f"{format_shared(source)}\n\n" if source else ""
    return OWNER.sub(lambda found: f"{shared}{found[0]}{format_ways(found[1])}", text or "")


def format_shared(name: str) -> str:
    """The part of a runbook that all sources of a kind have in common."""
    source = find_source(name)
    quarantine = " and ".join(f"`quarantine.{table.name}`" for table in tables_of(source))
    return choose_text(source).format(source=name, quarantine=quarantine)


def choose_text(source: Source) -> str:
    if isinstance(source, Stream):
        return TOPIC
    return DATABASE if source.kind == "oltp" else FILES


def format_ways(name: str) -> str:
    """` ([team@company.example](mailto:...), [chat](https://...))`; nothing where nobody has declared who that is."""
    owner = find_owner(name)
    links = ", ".join(f"[{word}]({link})" for word, link in owner.ways.items()) if owner else ""
    return links and f" ({links})"
