"""Start the local servers: S3, PostgreSQL, Kafka, Airflow, the consumers of streams and the monitor.

Servers that run already are left alone; those that were killed are started again, with their data. Returns when all
are healthy.
"""

import argparse
import time

from watershed.stack.home import open_home

GOES_ON = "servers that have started go on: `watershed down` stops them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--storage-only", action="store_true", help="S3, PostgreSQL and Kafka, without what uses them")


def run(args: argparse.Namespace) -> int:
    began = time.monotonic()
    is_first = start_all(args.storage_only)
    print(f"ready after {time.monotonic() - began:.1f} s in {open_home().path}")
    if not args.storage_only:
        print_access(is_first)
    return 0


def start_all(storage_only: bool = False) -> bool:
    """Start what does not run; returns whether Airflow has never run in this home before."""
    from watershed.settings import load_settings
    from watershed.stack.airflow import is_prepared
    from watershed.stack.servers import start_airflow, start_consumers, start_monitor, start_storage
    from watershed.warehouse.publish import prepare
    from watershed.warehouse.schema.evolution import ContractBroken

    home = open_home()
    start_storage(home, report_line)
    try:
        prepare(load_settings())
    except ContractBroken as error:  # it blocks those tables alone
        report_line(f"not prepared: {error}")
    is_first = not is_prepared(home)
    if not storage_only:
        start_airflow(home, report_line)
        start_consumers(home, report_line)
        start_monitor(home, report_line)
    return is_first


def report_line(line: str) -> None:
    print(f"  {line}", flush=True)


def print_access(is_first: bool) -> None:
    """Where Airflow's pages are, and how to get in: the password itself once, since others read terminals too."""
    from watershed.settings import read_setting

    print(f"Airflow   {read_setting('airflow_url')}")
    print(f"user      {read_setting('airflow_user')}")
    where = f"WATERSHED_AIRFLOW_PASSWORD in {open_home().settings_file}"
    if is_first:
        print(f"password  {read_setting('airflow_password')}  (shown this once; it stays {where})")
    else:
        print(f"password  {where}")
