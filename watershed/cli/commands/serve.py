"""Answer questions from other machines: any DuckDB client, a token per person, read-only. Beta, as Quack is.

  watershed serve --add ada                  print a token for ada, once; the home keeps a digest of it
  watershed serve --add grace --role steward a token that sees what the role sees (contracts/roles.py)
  watershed serve                            answer at 127.0.0.1:9494 until Ctrl+C
  watershed serve --list
  watershed serve --remove ada

In a DuckDB client with the extensions quack and httpfs:

  FROM quack_query('quack:127.0.0.1:9494', 'FROM mart.top_pages LIMIT 5', token => '...');

Questions are logged in logs/questions.jsonl of WATERSHED_HOME: who, when, what, milliseconds, rows.
"""

import argparse

from watershed.cli.listing import Listing, add_format, print_listings
from watershed.cli.signals import stop_by_signal
from watershed.declarations.counting import count_nouns
from watershed.errors import InvalidInput

PORT = 9494


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--add", metavar="NAME", help="print a token for somebody; a token they had is replaced")
    parser.add_argument("--role", metavar="NAME", help="with --add: what they see; without it, what an analyst sees")
    parser.add_argument("--remove", metavar="NAME", help="refuse somebody's token from now on")
    parser.add_argument("--list", action="store_true", help="who has a token")
    add_format(parser)
    parser.add_argument("--host", default="127.0.0.1", help="another address to listen at, behind a proxy with TLS")
    parser.add_argument("--port", type=int, default=PORT, help=f"default {PORT}")


def run(args: argparse.Namespace) -> int:
    from watershed.declarations.roles import find_least_role, find_role
    from watershed.serving.access_tokens import add_person, read_people, remove_person

    if args.role and not args.add:
        raise InvalidInput("--role is said of the person whom --add names")
    if args.add:
        print(add_person(args.add, find_role(args.role) if args.role else find_least_role()))
    elif args.remove:
        remove_person(args.remove)
    elif args.list:
        people = sorted(read_people().items())
        rows = [(name, person.get("role", find_least_role().name), person["added_at"]) for name, person in people]
        print_listings(args.format, Listing("people", ("name", "role", "since"), rows))
    else:
        serve(args.host, args.port)
    return 0


def serve(host: str, port: int) -> None:
    """Until the process is told to end. Raises InvalidInput when the port is taken."""
    import duckdb

    from watershed.serving.access_tokens import read_people
    from watershed.serving.quack_server import open_desk
    from watershed.stack.home import open_home

    log = open_home().folder("logs") / "questions.jsonl"
    try:
        open_desk(log, f"{host}:{port}", beyond_loopback=host not in ("127.0.0.1", "localhost"))
    except duckdb.Error as error:
        raise InvalidInput(f"cannot listen at {host}:{port}: {str(error).splitlines()[0]}") from error
    tokens = count_nouns(len(read_people()), "token")
    print(f"answering at quack:{host}:{port}, {tokens}; questions are logged in {log}", flush=True)
    stop = stop_by_signal()
    stop.wait()
    stop.verify("questions that were not answered are not")
