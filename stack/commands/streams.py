"""Show the streams: what is published, what waits, who reads, how late events come, what is in quarantine.

  watershed streams                 all of them
  watershed streams photo_events    one

The exit code is 1 when messages wait and no consumer is alive, when one fails, or when no broker answers: a health
check. A stream that only its DAG reads has nobody who waits for messages, and some wait for a few seconds.
"""

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steps.stream_state import StreamState


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stream", nargs="?", metavar="STREAM", help="such as photo_events; default: all")


def run(args: argparse.Namespace) -> int:
    from contracts import find_stream, load_streams
    from steps.stream_state import read_state

    streams = [find_stream(args.stream)] if args.stream else list(load_streams().values())
    states = [read_state(stream) for stream in streams]
    for state in states:
        print_state(state)
    return 1 if any(state.complaints for state in states) else 0


def print_state(state: "StreamState") -> None:
    print(f"{state.stream.name}: topic {state.stream.topic}, published to {state.stream.layer}")
    print(f"  {'partition':>9}{'published to':>14}{'end':>12}{'lag':>10}  read by")
    for place in state.places:
        counts = f"{spell(place.published):>14}{spell(place.end):>12}{spell(place.lag):>10}"
        print(f"  {place.partition:>9}{counts}  {place.reader or '-'}")
    for consumer in state.consumers:
        print(f"  {spell_consumer(consumer)}")
    for table, p50, p99 in state.lateness:
        late = f"{spell_duration(p50)} (p50) and {spell_duration(p99)} (p99)"
        print(f"  {table}: the events of the last batch arrived {late} after they happened")
    for table, count in state.untold:
        print(f"  {table}: {count:,} events of the last day were too old to be compared, and may be copies")
    if state.parked:
        print(f"  {state.parked:,} messages in quarantine: `watershed replay {state.stream.name}` tries them again")
    for complaint in state.complaints:
        print(f"  ! {complaint}")


def spell(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"


def spell_duration(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:,.1f} s"


def spell_consumer(one: dict[str, Any]) -> str:
    rate = f", {one['rate_per_s']:,.0f} messages/s" if "rate_per_s" in one else ""
    done = f"{one['messages']:,} messages, {one['quarantined']:,} quarantined"
    return f"{one['consumer']}: {one['state']}{rate}, {done}, last heard of at {one['at'].replace('T', ' ')}"
