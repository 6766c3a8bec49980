"""Start the local servers: S3, PostgreSQL, Kafka, Airflow, the consumers of streams and the monitor.

What runs already is left alone; what was killed is started again, with its data. Returns when all are healthy.
"""

import argparse
import time

GOES_ON = "servers that have started go on: `watershed down` stops them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--storage-only", action="store_true", help="S3, PostgreSQL and Kafka, without what uses them")


def run(args: argparse.Namespace) -> int:
    from contracts.settings import load_settings
    from stack.home import open_home
    from stack.servers import start_airflow, start_consumers, start_monitor, start_storage
    from warehouse.evolution import ContractBroken
    from warehouse.publish import prepare

    home, began = open_home(), time.monotonic()
    start_storage(home, report_line)
    try:
        prepare(load_settings())
    except ContractBroken as error:  # it blocks those tables alone
        report_line(f"not prepared: {error}")
    if not args.storage_only:
        start_airflow(home, report_line)
        start_consumers(home, report_line)
        start_monitor(home, report_line)
    print(f"ready after {time.monotonic() - began:.1f} s in {home.path}")
    print_access(storage_only=args.storage_only)
    return 0


def report_line(line: str) -> None:
    print(f"  {line}", flush=True)


def print_access(storage_only: bool) -> None:
    """Where Airflow's pages are, and how to get in: generated for this home, which listens on loopback only."""
    from contracts.settings import read_setting

    if not storage_only:
        print(f"Airflow   {read_setting('airflow_url')}")
        print(f"user      {read_setting('airflow_user')}")
        print(f"password  {read_setting('airflow_password')}")
