"""Rules about tables: how fresh, how good, and what stopped a publish."""

from collections.abc import Iterator

from watershed.declarations.counting import count_nouns
from watershed.declarations.table import Budget
from watershed.monitoring.reading import Reading
from watershed.monitoring.rules.rule import Finding, round_span, rule, spell

BAD_ROWS = 20  # fewer are not worth a night's sleep, whatever their share


@rule("urgent")
def freshness_broken(reading: Reading) -> Iterator[Finding]:
    """What arrived for a table is not published within the time that its contract promises."""
    for table in reading.tables:
        freshness = reading.find_freshness(table)
        if freshness.is_late(reading.at):
            waits = freshness.measure_wait(reading.at)
            yield Finding(
                table.address,
                f"{table.address} is {round_span(waits)} behind; its contract allows {round_span(table.promise)}: "
                "look at the runs that publish it",
            )


@rule("soon")
def producer_silent(reading: Reading) -> Iterator[Finding]:
    """A source has sent nothing for longer than its contract says that it takes until something arrives."""
    for source in reading.sources:
        if source.is_silent:
            last = f"last sent something at {spell(source.arrived_at)}" if source.arrived_at else "has sent nothing yet"
            yield Finding(
                source.name,
                f"{source.name} {last}; its contract expects something every "
                f"{round_span(source.every)}: ask who sends it, or declare in the contract when nothing is expected",
            )


@rule("urgent")
def books_unbalanced(reading: Reading) -> Iterator[Finding]:
    """Rows that were read are not accounted for: a publish was stopped by it, or the ledger holds such books."""
    for books in reading.imbalances:
        yield Finding(
            books.table,
            f"{books.table} read {count_nouns(books.read, 'row')} of {books.raw_object} and accounts for "
            f"{books.accounted:,}: find the defect, then rebuild the object's days",
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
        verb = "is" if refusal.objects == 1 else "are"
        yield Finding(
            refusal.source,
            f"{count_nouns(refusal.objects, 'object')} of {refusal.source} {verb} not published: {refusal.reason}",
        )


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


@rule("soon")
def parity_differs(reading: Reading) -> Iterator[Finding]:
    """What was published of a stream in core differed from what its raw messages say now."""
    for one in reading.differences:
        yield Finding(
            one.table,
            f"{one.missing:,} rows of {one.table} were missing and {one.surplus:,} too many on {one.day}, and "
            "have been replaced: find out what was changed by hand, or in a transform",
        )


def find_blocked(reading: Reading, name: str) -> Iterator[Finding]:
    """What a publish itself has written, about its source, until that publishes again. Alerts about tables are those
    that the rule has found."""
    for alert in reading.raised:
        published = reading.published.get(alert.subject)
        is_ours = alert.rule == name and "." not in alert.subject
        if is_ours and (published is None or published <= alert.changed_at):
            yield Finding(alert.subject, alert.sentence)
