"""Show the streams: what is published, what waits, who reads, how late events come, what is in quarantine.

  watershed stream status                 all of them
  watershed stream status photo_events    one

The exit code is 1 when messages wait and no consumer is alive, when one fails, or when no broker answers: a health
check. A stream that only its DAG reads has nobody who waits for messages, and some wait for a few seconds.
"""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from watershed.cli.listing import Listing, add_format, print_listings, print_wrapped
from watershed.declarations.counting import count_nouns

if TYPE_CHECKING:
    from watershed.flows.streams.health import ConsumerHealth
    from watershed.flows.streams.state import StreamState

PARTITIONS = ("stream", "partition", "published_to", "end", "lag", "read_by")
CONSUMERS = ("stream", "consumer", "state", "messages", "quarantined", "rate_per_s", "at")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stream", nargs="?", metavar="STREAM", help="such as photo_events; default: all")
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    from watershed.declarations import find_stream, load_streams
    from watershed.flows.streams.state import read_state

    streams = [find_stream(args.stream)] if args.stream else list(load_streams().values())
    states = [read_state(stream) for stream in streams]
    if args.format == "table":
        for state in states:
            print_state(state)
    else:
        print_listings(args.format, *list_states(states))
    return 1 if any(state.complaints for state in states) else 0


def list_states(states: list["StreamState"]) -> list[Listing]:
    consumers = [list_health(state, one) for state in states for one in state.consumers]
    notes = [(state.stream.name, note) for state in states for note in (*list_notes(state), *state.complaints)]
    return [
        Listing("partitions", PARTITIONS, [row for state in states for row in list_places(state)]),
        Listing("consumers", CONSUMERS, consumers),
        Listing("notes", ("stream", "note"), notes),
    ]


def list_health(state: "StreamState", one: "ConsumerHealth") -> tuple[Any, ...]:
    return state.stream.name, one.consumer, one.state, one.messages, one.quarantined, one.rate_per_s, one.at.isoformat()


def list_places(state: "StreamState") -> list[tuple[Any, ...]]:
    return [
        (state.stream.name, place.partition, place.published, place.end, place.lag, place.reader)
        for place in state.places
    ]


def print_state(state: "StreamState") -> None:
    title = f"{state.stream.name}: topic {state.stream.topic}, published to {state.stream.layer}"
    rows = [row[1:] for row in list_places(state)]
    print_listings("table", Listing(state.stream.name, PARTITIONS[1:], rows, title=title))
    for consumer in state.consumers:
        print_wrapped(format_consumer(consumer), "  ")
    for note in list_notes(state):
        print_wrapped(note, "  ")
    for complaint in state.complaints:
        print_wrapped(f"! {complaint}", "  ")


def list_notes(state: "StreamState") -> Iterator[str]:
    """What there is to know of a stream besides."""
    for table, p50, p99 in state.lateness:
        late = f"{format_duration(p50)} (p50) and {format_duration(p99)} (p99)"
        yield f"{table}: the events of the last batch arrived {late} after they happened"
    for table, count in state.untold:
        yield f"{table}: {count_nouns(count, 'event')} of the last day came too old to be compared: copies, perhaps"
    if state.parked:
        yield (
            f"{count_nouns(state.parked, 'message')} in quarantine: `watershed replay {state.stream.name}` "
            "tries what is there again"
        )


def format_duration(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:,.1f} s"


def format_consumer(one: "ConsumerHealth") -> str:
    rate = f", {one.rate_per_s:,.0f} messages/s" if one.rate_per_s is not None else ""
    done = f"{count_nouns(one.messages, 'message')}, {one.quarantined:,} quarantined"
    return f"{one.consumer}: {one.state}{rate}, {done}, last heard of at {one.at.isoformat(' ')}"
