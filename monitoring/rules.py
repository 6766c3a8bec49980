"""The rules: each finds in a reading what somebody has to look at. The page docs/on_call.md has a section for each.

A rule is a generator of findings, one for each thing that is wrong. It looks at nothing but the reading. An alert fires
when its finding appears and is over when it is gone, so thresholds are such that neither happens by accident.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from contracts.table import Budget
from monitoring.reading import Reading, Runs

Severity = Literal["urgent", "soon"]

PATIENCE = timedelta(minutes=2)  # for what may pass by itself: a restart, a slow machine
FAILED_RUNS = 2
BAD_ROWS = 20  # fewer are not worth a night's sleep, whatever their share
RAISED_FOR = timedelta(days=1)  # a missed deadline is forgotten when no later run ends


@dataclass(frozen=True)
class Finding:
    """What is wrong: with which table, source, stream or DAG, and in a sentence what, where and what to do."""

    subject: str
    sentence: str


Find = Callable[[Reading], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """`urgent`: somebody should look now. `soon`: during the day."""

    name: str
    severity: Severity
    find: Find

    @property
    def meaning(self) -> str:
        return (self.find.__doc__ or "").strip()


RULES: dict[str, Rule] = {}


def rule(severity: Severity) -> Callable[[Find], Find]:
    """Make a function a rule of its name."""

    def add(find: Find) -> Find:
        RULES[find.__name__] = Rule(find.__name__, severity, find)
        return find

    return add


@rule("urgent")
def lake_unreadable(reading: Reading) -> Iterator[Finding]:
    """The monitor cannot read the lake, so probably nobody can."""
    if reading.lake_problem and reading.at - reading.lake_problem[0] >= PATIENCE:
        since, why = reading.lake_problem
        yield Finding("lake", f"the lake cannot be read since {spell(since)}: {why}; see whether PostgreSQL and S3 run")


@rule("urgent")
def airflow_unwell(reading: Reading) -> Iterator[Finding]:
    """A part of Airflow does not run, so nothing new is ingested."""
    if reading.airflow_problem and reading.at - reading.airflow_problem[0] >= PATIENCE:
        since, why = reading.airflow_problem
        yield Finding("airflow", f"Airflow is not well since {spell(since)}: {why}; start what is missing")


@rule("urgent")
def freshness_broken(reading: Reading) -> Iterator[Finding]:
    """What arrived for a table is not published within the time that its contract promises."""
    for table in reading.tables:
        if (waits := reading.measure_wait(table.waiting_since)) > table.promise:
            yield Finding(
                table.address,
                f"what arrived for {table.address} waits for {round_span(waits)} and its contract promises "
                f"{round_span(table.promise)}: look at the runs that publish it",
            )


@rule("urgent")
def books_unbalanced(reading: Reading) -> Iterator[Finding]:
    """Rows that were read are not accounted for: a publish was stopped by it, or the ledger holds such books."""
    for books in reading.imbalances:
        yield Finding(
            books.table,
            f"{books.table} read {books.read} rows of {books.raw_object} and accounts for {books.accounted}: find the "
            "defect, then rebuild the object's days",
        )
    yield from find_blocked(reading, "books_unbalanced")


@rule("urgent")
def publish_blocked(reading: Reading) -> Iterator[Finding]:
    """Nothing of a stream can be published, because a batch breaks a rule that no message can break."""
    yield from find_blocked(reading, "publish_blocked")


@rule("soon")
def objects_refused(reading: Reading) -> Iterator[Finding]:
    """Objects were not published, because they cannot be read or too many of their rows are bad."""
    for refusal in reading.refusals:
        what = "1 object of" if refusal.objects == 1 else f"{refusal.objects} objects of"
        yield Finding(refusal.source, f"{what} {refusal.source} not published: {refusal.reason}")


@rule("soon")
def database_returned(reading: Reading) -> Iterator[Finding]:
    """A database is not what it was: it was restored or replaced, or its clock went back."""
    yield from find_blocked(reading, "database_returned")


@rule("soon")
def quarantine_high(reading: Reading) -> Iterator[Finding]:
    """Of the rows read in the last hour, a larger share is bad than the table's contract tolerates."""
    for table in reading.tables:
        budget = Budget(table.budget.share, BAD_ROWS)
        if not budget.allows(table.quarantined, table.read):
            yield Finding(
                table.address,
                f"{table.quarantined:,} of the {table.read:,} rows read for {table.address} in the last hour went to "
                f"quarantine, more than {table.budget.share:.0%}: look at their reasons on the page Quarantine",
            )


@rule("urgent")
def lag_growing(reading: Reading) -> Iterator[Finding]:
    """Messages of a stream arrive faster than they are published."""
    for stream in reading.streams:
        waits = reading.measure_wait(stream.waiting_since)
        if waits >= PATIENCE and stream.earlier and stream.lag > stream.earlier:  # from nought, it is a burst
            yield Finding(
                stream.name,
                f"{stream.lag:,} messages of {stream.name} wait, the oldest for {round_span(waits)}, and there were "
                f"{stream.earlier:,} some minutes ago: start more consumers, or find out what slows them down",
            )


@rule("urgent")
def stream_stalled(reading: Reading) -> Iterator[Finding]:
    """Messages wait and nobody reads them, a consumer fails again and again, or no broker answers."""
    for stream in reading.streams:
        waits = reading.measure_wait(stream.waiting_since)
        if stream.failing:
            yield Finding(stream.name, f"a consumer of {stream.name} fails: {stream.failing[0]}")
        elif stream.problem and waits >= PATIENCE:
            yield Finding(stream.name, f"where the topic of {stream.name} ends is unknown: {stream.problem}")
        elif stream.is_continuous and not stream.readers and stream.lag and waits >= PATIENCE:
            yield Finding(
                stream.name,
                f"{stream.lag:,} messages of {stream.name} wait for {round_span(waits)} and nobody reads them: "
                f"start `watershed stream {stream.name}`",
            )


@rule("urgent")
def publishes_queue(reading: Reading) -> Iterator[Finding]:
    """Somebody holds the lake's lock for too long, and everybody else waits."""
    if reading.queue.longest_s >= PATIENCE.total_seconds():
        yield Finding(
            "lake",
            f"{reading.queue.waiting} publishes wait for the lake's lock, the first for "
            f"{round_span(timedelta(seconds=reading.queue.longest_s))}: find out who holds it",
        )


@rule("soon")
def runs_failing(reading: Reading) -> Iterator[Finding]:
    """The runs of a DAG fail one after the other."""
    for dag, runs in sorted(reading.runs.items()):
        if runs.failed >= FAILED_RUNS:
            yield Finding(dag, f"the last {runs.failed} runs of {dag} failed: read the log of the task that is red")


@rule("soon")
def parity_differs(reading: Reading) -> Iterator[Finding]:
    """What was published of a stream in core differed from what its raw messages say now."""
    for one in reading.differences:
        yield Finding(
            one.table,
            f"{one.missing:,} rows of {one.table} were missing and {one.surplus:,} too many on {one.day}, and "
            "have been replaced: find out what was changed by hand, or in a transform",
        )


@rule("soon")
def deadline_missed(reading: Reading) -> Iterator[Finding]:
    """A run takes longer than its DAG allows."""
    for alert in reading.raised:
        ended = reading.runs.get(alert.subject, Runs()).ended_at
        is_over = (ended is not None and ended > alert.changed_at) or reading.at - alert.changed_at > RAISED_FOR
        if alert.rule == "deadline_missed" and not is_over:
            yield Finding(alert.subject, alert.sentence)


def find_blocked(reading: Reading, name: str) -> Iterator[Finding]:
    """What a publish itself has written, about its source, until that publishes again. Alerts about tables are those
    that the rule has found."""
    for alert in reading.raised:
        published = reading.published.get(alert.subject)
        is_ours = alert.rule == name and "." not in alert.subject
        if is_ours and (published is None or published <= alert.changed_at):
            yield Finding(alert.subject, alert.sentence)


def list_judged(reading: Reading) -> list[str]:
    """The rules that this reading can answer. While the lake cannot be read, nothing is known of what is in it."""
    return ["lake_unreadable", "airflow_unwell"] if reading.lake_problem else list(RULES)


def find_all(reading: Reading) -> dict[tuple[str, str], Finding]:
    """Everything that is wrong, by rule and subject; one sentence each."""
    found: dict[tuple[str, str], Finding] = {}
    for name in list_judged(reading):
        for finding in RULES[name].find(reading):
            found.setdefault((name, finding.subject), finding)
    return found


def spell(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def round_span(span: timedelta) -> str:
    seconds = span.total_seconds()
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
