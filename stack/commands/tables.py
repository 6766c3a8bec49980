"""List the tables of the lake beside their contracts, or drop one.

  watershed tables                                                 all, with what a contract no longer declares
  watershed tables drop core.requests --reason "status was text"   administrators: drop it, whole

What is still declared is made anew, empty: `watershed run ingest_SOURCE --from DAY --to DAY` fills it from raw. Its
quarantine goes with it. `watershed restore core.requests --snapshot N` takes the rows back, N being a version before.
The decision is recorded with your name, then the DAG `carry_out_decisions` does it; with --in-process it is done here.
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("list", "drop"), default="list")
    parser.add_argument("table", nargs="?", metavar="TABLE", help="such as core.requests")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for those who read the ledger later")
    parser.add_argument("--in-process", action="store_true", help="drop it here, without Airflow")


def run(args: argparse.Namespace) -> int:
    if args.action == "drop":
        if not args.table:
            raise ValueError("say which table: `watershed tables drop core.requests --reason TEXT`")
        drop(args.table, args.reason, args.in_process)
    else:
        list_all()
    return 0


def list_all() -> None:
    from contextlib import closing

    from warehouse.conformity import compare_tables
    from warehouse.connection import connect

    with closing(connect(read_only=True)) as con:
        states = compare_tables(con)
    width = max(map(len, states), default=0)
    for address, state in states.items():
        print(f"{address:<{width}}  {state}")


def drop(name: str, reason: str, is_here: bool) -> None:
    import getpass

    from stack.commands.restore import carry_out_here, carry_out_there
    from steps.decide import record_decision
    from steps.drop_table import check_drop

    address = check_drop(name)
    decision_id = record_decision("drop_table", address, {}, reason, getpass.getuser())
    print(f"decision {decision_id}: {address} is dropped")
    if not is_here:
        carry_out_there(decision_id)
        return
    done = carry_out_here(decision_id)
    before = f"--snapshot {done['snapshot'] - 1}"
    if is_fed(address):
        after = f'`watershed restore {address} {before} --reason "..."` takes them back'
    else:
        after = f'`watershed sql "FROM {address}" {before}` still has them'
    print(f"{done['rows']:,} rows left (snapshot {done['snapshot']}); {after}")


def is_fed(address: str) -> bool:
    """Whether a contract declares the table, and a source brings its rows: what is computed follows by itself."""
    from contracts import find_table

    try:
        return find_table(address).address == address and not find_table(address).is_made
    except LookupError:
        return False
