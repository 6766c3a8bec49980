"""Watch the platform until Ctrl-C or SIGTERM: figures for Prometheus, alerts for people on call.

  watershed monitor                                    as the settings say
  watershed monitor --listen 0.0.0.0:9464              on all interfaces
  watershed monitor rules                              the alert rules
  watershed monitor rules --prometheus > alerts.yml    the same for a Prometheus server
  watershed monitor rules --grafana > watershed.json   a dashboard for Grafana
  watershed monitor snooze lag_growing watch_events --hours 4 --reason "a load test"
  watershed monitor snooze lag_growing watch_events --end

Any number may run, on any machines: one of them tells people, all of them serve figures. docs/on_call.md says what each
alert means and what to do.
"""

import argparse
import getpass
import json
from datetime import UTC, datetime, timedelta

from watershed.cli.listing import Listing, add_format, print_listings
from watershed.cli.signals import stop_by_signal
from watershed.errors import InvalidInput


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--listen", metavar="HOST:PORT", help="default: WATERSHED_MONITOR_LISTEN")
    parser.add_argument("--interval", type=float, default=15.0, metavar="S", help="seconds from look to look (15)")
    parser.set_defaults(act=run_monitor)
    acts = parser.add_subparsers(title="instead of watching", metavar="ACTION")
    rules = acts.add_parser("rules", help="list the alert rules, or make what others need of them")
    form = rules.add_mutually_exclusive_group()
    form.add_argument("--prometheus", action="store_true", help="alerting rules for a Prometheus server")
    form.add_argument("--grafana", action="store_true", help="a dashboard for Grafana, to be imported")
    add_format(rules)
    rules.set_defaults(act=list_rules)
    snooze = acts.add_parser("snooze", help="tell nobody of an alert for some hours")
    snooze.add_argument("rule", metavar="RULE", help="such as lag_growing")
    snooze.add_argument("subject", nargs="?", default="", metavar="SUBJECT", help="such as watch_events; default: any")
    snooze.add_argument("--hours", type=float, default=4.0, metavar="N", help="for so long (4)")
    snooze.add_argument("--reason", default="", metavar="TEXT", help="why, for the one who is on call next")
    snooze.add_argument("--end", action="store_true", help="end the snooze now")
    snooze.set_defaults(act=snooze_rule)


def run(args: argparse.Namespace) -> int:
    return int(args.act(args))


def run_monitor(args: argparse.Namespace) -> int:
    from watershed.monitoring.monitor import watch
    from watershed.settings import read_setting

    stop = stop_by_signal()
    watch(args.listen or read_setting("monitor_listen"), stop, report, args.interval)
    stop.verify("other monitors go on")
    return 0


def list_rules(args: argparse.Namespace) -> int:
    from watershed.monitoring.prometheus import make_dashboard, render_prometheus_rules
    from watershed.monitoring.rules import RULES

    if args.prometheus:
        print(render_prometheus_rules(), end="")
    elif args.grafana:
        print(json.dumps(make_dashboard(), indent=2))
    else:
        rows = [(rule.name, rule.severity, " ".join(rule.meaning.split())) for rule in RULES.values()]
        print_listings(args.format, Listing("rules", ("rule", "severity", "meaning"), rows))
    return 0


def snooze_rule(args: argparse.Namespace) -> int:
    from watershed.monitoring.snoozes import snooze

    hours = 0 if args.end else args.hours
    if hours < 0:
        raise InvalidInput(f"--hours {hours:g} is in the past: write a number above 0, or --end")
    until = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=hours)
    reason = args.reason or ("ended by hand" if args.end else "")
    one = snooze(args.rule, args.subject, until, reason, getpass.getuser())
    what = f"{one.rule} of {one.subject}" if one.subject else one.rule
    print(f"{what} is told again from now on" if args.end else f"{what} is snoozed until {until:%Y-%m-%d %H:%M} UTC")
    return 0


def report(line: str) -> None:
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {line}", flush=True)
