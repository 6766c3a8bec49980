"""Read a topic without end and publish what arrives, every few seconds, until Ctrl-C or SIGTERM.

  watershed stream start watch_events                 micro-batches of two seconds
  watershed stream start photo_events --interval 10   fewer, larger ones

Run as many as there are partitions, on any machines, and start or stop them at will: they share the partitions.
`watershed stream status` shows how they are.
"""

import argparse
from datetime import UTC, datetime

from watershed.cli.signals import stop_by_signal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stream", help="such as photo_events")
    parser.add_argument("--interval", type=float, default=2.0, metavar="S", help="seconds between publishes (2)")
    parser.add_argument("--skip-lost", action="store_true", help="go on where the broker has deleted unread messages")


def run(args: argparse.Namespace) -> int:
    from watershed.declarations import find_stream
    from watershed.flows.streams.consume import consume

    stop = stop_by_signal()
    consume(find_stream(args.stream), stop, report, args.interval, args.skip_lost)
    stop.verify("other consumers go on, and what is unread waits")
    return 0


def report(line: str) -> None:
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {line}", flush=True)
