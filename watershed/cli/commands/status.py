"""Show the local servers: address, process, memory, health; of those that are away since when, and what still works.

The exit code is 0 when all of them are healthy.
"""

import argparse
import sys

from watershed.cli.listing import Listing, add_format, print_listings
from watershed.errors import NotFound

COLUMNS = ("server", "address", "pid", "megabytes", "healthy")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    from watershed.settings import find_home
    from watershed.stack.away import describe_away
    from watershed.stack.home import open_home
    from watershed.stack.process import find_process, measure_memory
    from watershed.stack.servers import list_servers

    if not find_home().exists():
        raise NotFound(f"there is no stack in {find_home()}: run `watershed up`, or set WATERSHED_HOME to one")
    home, rows = open_home(), []
    for server in list_servers(home):
        process = find_process(home, server.name)
        address = f"127.0.0.1:{server.port}" if server.port else None
        measured = (process.pid, measure_memory(home, server.name)) if process else (None, None)
        rows.append((server.name, address, *measured, process is not None and server.is_ready()))
    print_listings(args.format, Listing("servers", COLUMNS, rows, title=f"servers of {home.path}"))
    away = [row[0] for row in rows if not row[-1]]
    if "kafka" not in away:
        print("kafka asks for no password: every local user can read and write its topics", file=sys.stderr)
    for sentence in describe_away(home, away):
        print(sentence, file=sys.stderr)
    return 1 if away else 0
