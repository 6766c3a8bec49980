"""Show what was refused and why, and decide about it.

  watershed refused                       objects that are refused, the latest first
  watershed refused access_logs           those of a source
  watershed refused access-2026.log       why one is: reasons with counts, and rows of each; also by its key
  watershed refused access-2026.log --publish-anyway --reason "health checks"
  watershed refused access_logs --try-again --reason "the transform is repaired"

A decision is recorded with your name and holds for these objects from then on; the DAG `carry_out_decisions` does it,
or, with --in-process, this process. Bad rows of an object that is published anyway go to quarantine. An object
that cannot be read stays refused. Personal values are masked: letters are x, digits 9.
"""

import argparse
from typing import TYPE_CHECKING

from watershed.cli.listing import Listing, add_format, print_listings
from watershed.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from watershed.flows.decisions.decide import Kind
    from watershed.flows.decisions.refused_objects import RefusedObject

WHY = "reasons"
UNTOLD = "reasons (not kept: an earlier version refused it; `--try-again` finds them out)"
KINDS: dict[str, "Kind"] = {"publish_anyway": "accept", "try_again": "replay", "leave": "leave"}

GOES_ON = "a decision that is recorded stays, and the page Quarantine offers to carry it out"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "subject", nargs="?", metavar="SOURCE|OBJECT", help="a source, a file's name or an object's key"
    )
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--publish-anyway", action="store_true", help="good rows to the tables, bad ones to quarantine")
    choice.add_argument("--try-again", action="store_true", help="take it once more, after a fix")
    choice.add_argument("--leave", action="store_true", help="record that it stays refused")
    parser.add_argument("--reason", metavar="TEXT", help="why, for those who read the ledger later")
    parser.add_argument("--in-process", action="store_true", help="carry it out here, without Airflow")
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    from watershed.flows.decisions.refused_objects import find_refused_objects

    kind = next((kind for name, kind in KINDS.items() if getattr(args, name)), None)
    if kind is None and (args.reason or args.in_process):
        raise InvalidInput("nothing is to be decided: add --publish-anyway, --try-again or --leave")
    if kind and not args.subject:
        raise InvalidInput(
            "say what it is about: a source, a file's name or an object's key; `watershed refused` lists them"
        )
    found = find_refused_objects(args.subject)
    if kind:
        decide(kind, found, args.reason or "", args.in_process)
    elif found and args.subject not in (None, found[0].source):
        print_listings(args.format, *explain(found))
    else:
        print_listings(args.format, list_objects(found))
    return 0


def list_objects(found: list["RefusedObject"]) -> Listing:
    rows = [(one.refused_at, one.source, one.name, one.key, one.reason) for one in found]
    return Listing("refused objects", ("refused", "source", "file", "object", "reason"), rows)


def explain(found: list["RefusedObject"]) -> list[Listing]:
    """Reasons of these objects, and some of the rows of each."""
    from watershed.flows.ingest.refusal_reasons import list_reasons

    told = [(one.name, *row) for one in found for row in list_reasons(one.key)]
    reasons = [(name, table, rule, reason, count) for name, table, rule, reason, count, _ in told]
    samples = [(name, rule, sample.raw_line, sample.fields) for name, _, rule, *_, kept in told for sample in kept]
    return [
        list_objects(found),
        Listing("reasons", ("file", "table", "rule", "reason", "rows"), reasons, title=WHY if told else UNTOLD),
        Listing("rows", ("file", "rule", "line", "fields"), samples, title="some of the rows"),
    ]


def decide(kind: "Kind", found: list["RefusedObject"], reason: str, in_process: bool) -> None:
    import getpass

    from watershed.flows.decisions.decide import About, record_decision

    if not found:
        raise NotFound("nothing of it is refused: `watershed refused` lists what is")
    source = found[0].source
    about = About(source, [one.key for one in found])
    decision_id = record_decision(kind, source, about, reason, getpass.getuser())
    print(f"decision {decision_id} is recorded, about {', '.join(one.name for one in found)}")
    if kind == "leave":
        return
    if in_process:
        carry_out_here(decision_id, source)
    else:
        from watershed.cli.commands.tables_rollback import carry_out_there

        carry_out_there(decision_id)


def carry_out_here(decision_id: str, source: str) -> None:
    """Raises InvalidInput when an object is refused again."""
    import getpass

    from watershed.cli.run_here import name_run, publish_steps, show
    from watershed.flows.begun import begin_run
    from watershed.flows.decisions.select_decided import take_decided

    run = begin_run(source, name_run(f"ingest_{source}"), getpass.getuser())
    if show("land", lambda: take_decided(run, decision_id))["objects"]:
        publish_steps(run)
