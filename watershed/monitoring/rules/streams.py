"""Rules about streams: what waits in their topics, and who reads it."""

from collections.abc import Iterator

from watershed.declarations.counting import count_nouns
from watershed.monitoring.reading import Reading
from watershed.monitoring.rules.rule import PATIENCE, RESTART, Finding, round_span, rule, spell


@rule("urgent")
def lag_growing(reading: Reading) -> Iterator[Finding]:
    """Messages of a stream arrive faster than they are published."""
    for stream in reading.streams:
        waits = reading.measure_wait(stream.waiting_since)
        if waits >= PATIENCE and stream.earlier and stream.lag > stream.earlier:  # from nought, it is a burst
            yield Finding(
                stream.name,
                f"{count_nouns(stream.lag, 'message')} of {stream.name} {'is' if stream.lag == 1 else 'are'} waiting, "
                f"the oldest for {round_span(waits)}; some minutes ago {stream.earlier:,} were: start more consumers, "
                "or find out what slows them down",
            )


@rule("urgent")
def stream_stalled(reading: Reading) -> Iterator[Finding]:
    """Messages wait and nobody reads them, a consumer fails again and again, or no broker answers."""
    for stream in reading.streams:
        waits = reading.measure_wait(stream.waiting_since)
        if stream.failing:
            yield Finding(stream.name, f"a consumer of {stream.name} fails: {stream.failing[0]}")
        elif stream.problem and waits >= RESTART:
            yield Finding(stream.name, f"the end of the topic of {stream.name} is unknown: {stream.problem}")
        elif stream.is_continuous and not stream.readers and stream.lag and waits >= PATIENCE:
            yield Finding(
                stream.name,
                f"{count_nouns(stream.lag, 'message')} of {stream.name} {'has' if stream.lag == 1 else 'have'} been "
                f"waiting for {round_span(waits)}, and no consumer reads them: "
                f"start `watershed stream start {stream.name}`",
            )


@rule("urgent")
def consumer_dead(reading: Reading) -> Iterator[Finding]:
    """A consumer has ended without a word, and none has been started in its place."""
    for stream in reading.streams:
        if stream.dead:
            others = f"{stream.consumers} others read on" if stream.consumers else "nobody reads the stream"
            one = stream.dead[0]
            yield Finding(
                stream.name,
                f"a consumer of {stream.name} ({one.name}) has been dead since {spell(one.since)} and {others}: start "
                f"`watershed stream start {stream.name}` again, and read its log for why it ended",
            )
