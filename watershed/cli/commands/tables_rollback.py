"""Roll a table back to what it was in an earlier version of the lake, as a new version.

  watershed tables rollback core.requests --snapshot 41 --reason "the log of the 18th was a copy of the 17th's"

Rows that were published since leave the table, and stay away until their days are rebuilt from raw; marts follow.
`watershed ledger` lists the snapshots. The decision is recorded with your name, then the DAG `carry_out_decisions`
does it; with --in-process it is done here. A second one, to the snapshot before the first, takes it back.
"""

import argparse
from typing import TYPE_CHECKING

from watershed.declarations.counting import count_nouns
from watershed.errors import RunFailed

if TYPE_CHECKING:
    from watershed.flows.decisions.apply_decision import CarriedOut
    from watershed.flows.decisions.decide import DataChange

GOES_ON = "a decision that is recorded stays, and the page Quarantine offers to carry it out"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", metavar="TABLE", help="such as core.requests")
    parser.add_argument("--snapshot", type=int, required=True, metavar="N", help="the version to go back to")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why, for those who read the ledger later")
    parser.add_argument("--in-process", action="store_true", help="carry it out here, without Airflow")


def run(args: argparse.Namespace) -> int:
    import getpass

    from watershed.flows.decisions.decide import About, record_decision
    from watershed.flows.decisions.rollback import check_rollback

    objects = check_rollback(args.table, args.snapshot)
    user = getpass.getuser()
    decision_id = record_decision("rollback", args.table, About(version=args.snapshot), args.reason, user)
    print(f"decision {decision_id}: {args.table} goes back to snapshot {args.snapshot}, objects concerned: {objects}")
    if args.in_process:
        print_done(carry_out_here(decision_id).change)
    else:
        carry_out_there(decision_id)
    return 0


def carry_out_here(decision_id: str) -> "CarriedOut":
    from watershed.cli.run_here import name_run
    from watershed.flows.decisions.apply_decision import carry_out

    return carry_out(decision_id, name_run("rollback"))


def carry_out_there(decision_id: str) -> None:
    """Raises InvalidInput when the run failed; the decision stays, and its page offers to try again."""
    from watershed.cli.run_airflow import explain_failure, follow_run
    from watershed.stack.airflow_api import open_api

    api = open_api()
    run = follow_run(api, api.trigger("carry_out_decisions", {"decision_id": decision_id}))
    if run.state != "success":
        raise RunFailed(explain_failure(api, run))


def print_done(done: "DataChange") -> None:
    print(
        f"{count_nouns(done.left, 'row')} left, {done.rows:,} came back, {count_nouns(len(done.days), 'day')} changed "
        f"(snapshot {done.snapshot}); `watershed run build_marts` brings the marts up to date"
    )
