"""List the tables of the lake beside their contracts, show one, or drop one.

  watershed tables                                                 all, with what a contract no longer declares
  watershed tables --tag web                                       those that carry a tag, themselves or in a column
  watershed tables core.requests                                   what it is, its owner, columns and comments
  watershed tables drop core.requests --reason "status was text"   administrators: drop it, whole

A table that is still declared is made anew, empty: `watershed run ingest_SOURCE --from DAY --to DAY` fills it from raw.
Its quarantine goes with it. `watershed tables rollback core.requests --snapshot N` takes the rows back, N being a
version before. The decision is recorded with your name, then the DAG `carry_out_decisions` does it; with --in-process
it is done here.
"""

import argparse

from watershed.cli.listing import Listing, add_format, print_listings
from watershed.declarations.counting import count_nouns
from watershed.errors import InvalidInput, NotFound

GOES_ON = "a decision that is recorded stays, and the page Quarantine offers to carry it out"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="such as core.requests; or `drop`, and then a table")
    parser.add_argument("table", nargs="?", metavar="TABLE", help="to drop")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for those who read the ledger later")
    parser.add_argument("--in-process", action="store_true", help="drop it here, without Airflow")
    parser.add_argument("--tag", metavar="TAG", help="list the tables that carry it")
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    if args.name == "drop":
        if not args.table:
            raise InvalidInput("say which table: `watershed tables drop core.requests --reason TEXT`")
        drop(args.table, args.reason, args.in_process)
    elif args.table:
        raise InvalidInput(f"{args.name} {args.table} is not understood: name one table, or `drop` and a table")
    elif args.tag and args.name:
        raise InvalidInput("--tag lists tables: name no table beside it")
    else:
        print_listings(args.format, *(list_all(args.tag) if args.name in (None, "list") else show(args.name)))
    return 0


def list_all(tag: str | None) -> list[Listing]:
    """Those of the lake, or those that carry a tag. Raises NotFound for a tag that nothing carries."""
    from contextlib import closing

    from watershed.warehouse.connection import connect
    from watershed.warehouse.schema.conformity import compare_tables
    from watershed.warehouse.schema.described import find_declared, find_tagged

    shown = None if tag is None else find_tagged(tag.removeprefix("#"))
    with closing(connect(read_only=True)) as con:
        states = {address: state for address, state in compare_tables(con).items() if shown is None or address in shown}
    known = {address: find_declared(address) for address in states}
    rows = [
        (address, one.owner if one else None, ", ".join(one.tags) or None if one else None, states[address])
        for address, one in known.items()
    ]
    return [Listing("tables", ("table", "owner", "tags", "state"), rows)]


def show(name: str) -> list[Listing]:
    """What a table, mart or view is, and its columns. Raises NotFound."""
    from contextlib import closing

    from watershed.warehouse.connection import connect
    from watershed.warehouse.schema.described import describe_relation, read_comments

    with closing(connect(read_only=True)) as con:
        found = describe_relation(con, name)
        comments = read_comments(con, found.address)
    about = [(what, text) for what, text in found.about.items() if text]
    columns = [
        (c.name, c.kind, c.is_nullable, c.is_personal, ", ".join(c.tags) or None, c.description) for c in found.columns
    ]
    return [
        Listing("about", ("what", "is"), about, title=found.address),
        Listing("columns", ("column", "type", "nullable", "personal", "tags", "description"), columns),
        Listing("comments", ("column", "comment", "by", "at"), comments),
    ]


def drop(name: str, reason: str, is_here: bool) -> None:
    import getpass

    from watershed.cli.commands.tables_rollback import carry_out_here, carry_out_there
    from watershed.flows.decisions.decide import About, record_decision
    from watershed.flows.decisions.drop_table import check_drop

    address = check_drop(name)
    decision_id = record_decision("drop_table", address, About(), reason, getpass.getuser())
    print(f"decision {decision_id}: {address} is dropped")
    if not is_here:
        carry_out_there(decision_id)
        return
    done = carry_out_here(decision_id).change
    before = f"--snapshot {(done.snapshot or 1) - 1}"
    if is_fed(address):
        after = f'`watershed tables rollback {address} {before} --reason "..."` takes them back'
    else:
        after = f'`watershed sql "FROM {address}" {before}` still has them'
    print(f"{count_nouns(done.rows, 'row')} left (snapshot {done.snapshot}); {after}")


def is_fed(address: str) -> bool:
    """Whether a contract declares the table, and a source brings its rows: what is computed follows by itself."""
    from watershed.declarations import find_table

    try:
        return find_table(address).address == address and not find_table(address).is_made
    except NotFound:
        return False
