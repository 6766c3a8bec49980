"""Show what is in quarantine and why, and decide about it.

  watershed quarantine                                    reasons of all tables, the most rows first
  watershed quarantine core.requests                      those of a table, with rows of each
  watershed quarantine core.requests --rule parse --drop --reason "noise of a scanner"
  watershed quarantine core.requests --match "no access log form" --replay --reason "the transform is repaired"

--rule and --match choose among the reasons: by rule, and by words that a reason has. A decision is recorded with your
name; the DAG `carry_out_decisions` does it, or, with --in-process, this process. Dropped rows leave the quarantine, and
stay in the raw objects; a replay takes the raw objects once more. Personal values are masked: letters are x, digits 9.
"""

import argparse
from typing import TYPE_CHECKING

from watershed.cli.arguments import parse_limit
from watershed.cli.listing import Listing, add_format, print_listings
from watershed.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from watershed.flows.decisions.parked_rows import ParkedReason

REASONS = ("table", "source", "rule", "reason", "rows", "objects")
REASONS_BRIEF = ("table", "rule", "reason", "rows")
ROWS = ("rule", "object", "line", "reason", "fields")
SAMPLES = 5

GOES_ON = "a decision that is recorded stays, and the page Quarantine offers to carry it out"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", nargs="?", metavar="TABLE", help="such as core.requests")
    parser.add_argument("--rule", metavar="RULE", help="only rows that fail this rule, such as parse")
    parser.add_argument("--match", metavar="WORDS", help="only reasons with these words")
    parser.add_argument("--limit", type=parse_limit, default=SAMPLES, metavar="N", help="rows of each reason (5)")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--drop", action="store_true", help="the rows leave the quarantine for good")
    choice.add_argument("--replay", action="store_true", help="try them again, after a fix")
    parser.add_argument("--reason", metavar="TEXT", help="why, for those who read the ledger later")
    parser.add_argument("--in-process", action="store_true", help="carry it out here, without Airflow")
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    from watershed.flows.decisions.parked_rows import list_parked

    is_decision = args.drop or args.replay
    if not is_decision and (args.reason or args.in_process):
        raise InvalidInput("nothing is to be decided: add --drop or --replay")
    if is_decision and not args.table:
        raise InvalidInput("say of which table: `watershed quarantine` lists those with rows")
    parked = list_parked(args.table)
    chosen = [one for one in parked if args.rule in (None, one.rule) and (args.match or "") in one.reason]
    if parked and not chosen:
        rules = ", ".join(sorted({one.rule for one in parked}))
        raise NotFound(f"no row is in quarantine for such a reason; the rules are {rules}")
    if is_decision:
        decide("drop" if args.drop else "replay", args.table, chosen, args.reason or "", args.in_process)
    else:
        show(chosen, args)
    return 0


def show(chosen: list["ParkedReason"], args: argparse.Namespace) -> None:
    from watershed.flows.decisions.parked_rows import sample_parked

    rows = [(one.table.address, one.source, one.rule, one.reason, one.rows, one.objects) for one in chosen]
    found = [Listing("reasons", REASONS, rows, REASONS_BRIEF, title=f"quarantine of {args.table or 'all tables'}")]
    if args.table:
        samples = [(one.rule, *row) for one in chosen for row in sample_parked(one, args.limit)]
        found.append(Listing("rows", ROWS, samples, title="some of the rows"))
    print_listings(args.format, *found)


def decide(kind: str, table: str, chosen: list["ParkedReason"], reason: str, in_process: bool) -> None:
    """A decision for each reason, since that is what people decide about."""
    import getpass

    from watershed.declarations.counting import count_nouns
    from watershed.flows.decisions.decide import record_decision

    if not chosen:
        raise NotFound(f"nothing of {table} is in quarantine")
    for one in chosen:
        decision_id = record_decision(
            "drop" if kind == "drop" else "replay", one.quarantine, one.about, reason, getpass.getuser()
        )
        print(f"decision {decision_id}: {kind} {count_nouns(one.rows, 'row')}, {one.rule}: {one.reason}")
        if in_process:
            carry_out_here(decision_id, one)
        else:
            from watershed.cli.commands.tables_rollback import carry_out_there

            carry_out_there(decision_id)


def carry_out_here(decision_id: str, one: "ParkedReason") -> None:
    """Raises InvalidInput when an object is refused."""
    from watershed.cli.commands import refused, tables_rollback
    from watershed.declarations.counting import count_nouns

    done = tables_rollback.carry_out_here(decision_id)
    if done.source is not None:
        refused.carry_out_here(decision_id, one.source)
    else:
        print(f"{count_nouns(done.change.rows, 'row')} left (snapshot {done.change.snapshot})")
