"""Watch the platform until Ctrl-C or SIGTERM: figures for Prometheus, alerts for whoever is on call.

  watershed monitor                            as the settings say
  watershed monitor --listen 0.0.0.0:9464      on all interfaces

Any number may run, on any machines: one of them tells people, all of them serve figures. What each alert means and what
to do is in docs/on_call.md.
"""

import argparse
from datetime import UTC, datetime

from stack.signals import stop_by_signal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--listen", metavar="HOST:PORT", help="default: WATERSHED_MONITOR_LISTEN")
    parser.add_argument("--interval", type=float, default=15.0, metavar="S", help="seconds from look to look (15)")


def run(args: argparse.Namespace) -> int:
    from contracts.settings import read_setting
    from monitoring.monitor import watch

    stop = stop_by_signal()
    watch(args.listen or read_setting("monitor_listen"), stop, report, args.interval)
    stop.verify("other monitors go on")
    return 0


def report(line: str) -> None:
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {line}", flush=True)
