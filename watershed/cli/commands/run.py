"""Run a DAG and wait for it: publish what is new, or rebuild days from raw.

  watershed run ingest_access_logs                                    publish what has arrived
  watershed run ingest_access_logs --from 2015-05-17 --to 2015-05-18  rebuild two days from their raw objects
  watershed run ingest_access_logs --refused                          try refused objects again
  watershed run build_marts                                           bring every mart up to date
  watershed run check_parity --to 2026-11-22                          promote what streams brought up to a day
  watershed run train_recommender                                     train, judge and publish a model

The run goes through Airflow, where it can be watched; with --in-process the same steps run here, without a scheduler.
"""

import argparse

from watershed.cli.arguments import parse_day
from watershed.errors import InvalidInput

GOES_ON = "what was published stays, and the next run takes the rest"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dag_id", metavar="DAG_ID", help="such as ingest_access_logs or build_marts")
    parser.add_argument("--from", dest="first", metavar="D", type=parse_day, help="first day to rebuild")
    parser.add_argument("--to", dest="last", metavar="D", type=parse_day, help="last day, inclusive")
    parser.add_argument("--refused", action="store_true", help="take the objects that earlier runs refused")
    parser.add_argument("--in-process", action="store_true", help="run the steps here, without Airflow")


def run(args: argparse.Namespace) -> int:
    first, last = args.first or args.last, args.last or args.first
    if first and first > last:
        raise InvalidInput(f"--from {first} is after --to {last}: swap them")
    if args.in_process:
        from watershed.cli.run_here import run_here

        run_here(args.dag_id, first, last, args.refused)
    else:
        from watershed.cli.run_airflow import run_airflow

        run_airflow(args.dag_id, first, last, args.refused)
    return 0
