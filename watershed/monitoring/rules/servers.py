"""Rules about servers: the lake's, Airflow's, and who waits for them."""

from collections.abc import Iterator
from datetime import timedelta

from watershed.declarations.counting import count_nouns
from watershed.monitoring.reading import Reading, Runs
from watershed.monitoring.rules.rule import PATIENCE, RESTART, Finding, round_span, rule, spell

FAILED_RUNS = 2
RAISED_FOR = timedelta(days=1)  # a missed deadline is forgotten when no later run ends


@rule("urgent")
def lake_unreadable(reading: Reading) -> Iterator[Finding]:
    """The monitor cannot read the lake, so probably nobody can."""
    if reading.lake_problem and reading.at - reading.lake_problem[0] >= RESTART:
        since, why = reading.lake_problem
        yield Finding(
            "lake", f"the lake has been unreadable since {spell(since)}: {why}; check that PostgreSQL and S3 run"
        )


@rule("urgent")
def airflow_unwell(reading: Reading) -> Iterator[Finding]:
    """A part of Airflow does not run, so nothing new is ingested."""
    if reading.airflow_problem and reading.measure_wait(reading.airflow_problem[0]) >= PATIENCE:
        since, why = reading.airflow_problem
        yield Finding("airflow", f"Airflow has been unhealthy since {spell(since)}: {why}; start what is missing")


@rule("urgent")
def publishes_queue(reading: Reading) -> Iterator[Finding]:
    """Somebody holds the lake's lock for too long, and everybody else waits."""
    waiting = reading.queue.waiting
    if reading.queue.longest_s >= PATIENCE.total_seconds():
        yield Finding(
            "lake",
            f"{count_nouns(waiting, 'publish', 'publishes')} {'is' if waiting == 1 else 'are'} queued for the lake "
            f"lock, the oldest for {round_span(timedelta(seconds=reading.queue.longest_s))}: find out who holds it",
        )


@rule("soon")
def runs_failing(reading: Reading) -> Iterator[Finding]:
    """The runs of a DAG fail one after the other."""
    for dag, runs in sorted(reading.runs.items()):
        if runs.failed >= FAILED_RUNS:
            yield Finding(dag, f"the last {runs.failed} runs of {dag} failed: read the log of the task that is red")


@rule("soon")
def deadline_missed(reading: Reading) -> Iterator[Finding]:
    """A run takes longer than its DAG allows."""
    for alert in reading.raised:
        ended = reading.runs.get(alert.subject, Runs()).ended_at
        is_over = (ended is not None and ended > alert.changed_at) or reading.at - alert.changed_at > RAISED_FOR
        if alert.rule == "deadline_missed" and not is_over:
            yield Finding(alert.subject, alert.sentence)
