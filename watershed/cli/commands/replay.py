"""Try messages that are in quarantine again, after a fix: those only, through the same steps as any batch.

  watershed replay photo_events                             all that are parked
  watershed replay watch_events --where "rule = 'parse'"    some of them: a condition on quarantine's columns

Rows that fail again go back to quarantine, with the reason of today.
"""

import argparse

from watershed.cli.arguments import parse_limit
from watershed.declarations.counting import count_nouns
from watershed.errors import InvalidInput

GOES_ON = "what was published stays, the rest is in quarantine still"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stream", help="such as photo_events")
    parser.add_argument("--where", default="true", metavar="SQL", help="which rows of quarantine, as a SQL condition")
    parser.add_argument(
        "--limit", type=parse_limit, default=200_000, metavar="N", help="messages at most (default 200000)"
    )


def run(args: argparse.Namespace) -> int:
    import getpass

    import duckdb

    from watershed.cli.run_here import name_run, publish_steps
    from watershed.declarations import find_stream
    from watershed.flows.begun import begin_run
    from watershed.flows.streams.replay import take_parked
    from watershed.serving.trees import parse_condition

    run = begin_run(find_stream(args.stream).name, name_run(f"replay_{args.stream}"), getpass.getuser())
    try:
        taken = take_parked(run, parse_condition(args.where), args.limit)
    except duckdb.Error as error:
        why = str(error).split("\n")[0]
        raise InvalidInput(f"--where {args.where!r} does not fit quarantine.{args.stream}: {why}") from error
    print(f"trying {count_nouns(taken['messages'], 'message')} in quarantine again")
    if taken["objects"]:
        publish_steps(run)
    return 0
