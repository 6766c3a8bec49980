"""Say of every table whether it is fresh, since when it is not, and which producers are silent.

  watershed freshness                              all tables and marts, and the producers that have promised a rhythm
  watershed freshness core.requests                one, with its producers and the days that it misses
  watershed freshness --late                       those alone that are late, stale or missing days
  watershed freshness --late --format json         for a program; durations are seconds

The same as the page Tables says, by the word of `watershed monitor`, which alone sees what waits: something that has
arrived and is not published yet. A table is late when that waits for longer than its contract promises, stale when it
is a mart whose inputs are newer, and unwatched while no monitor tells.

The exit code is 0 when none of these tables is late or unwatched and none of their producers is silent, else 1.
"""

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from watershed.cli.listing import Listing, add_format, print_listings
from watershed.declarations.counting import count_nouns, format_span
from watershed.errors import NotFound

if TYPE_CHECKING:
    from watershed.cockpit.questions.tables import Condition
    from watershed.monitoring.reading import SourceReading

TABLES = ("table", "state", "why", "since", "waits", "promised", "waiting_since", "published", "missing_days", "silent")
BRIEF = ("table", "state", "why", "waits", "promised")
PRODUCERS = ("producer", "state", "arrived", "silence", "every", "expected_on")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", nargs="?", metavar="TABLE", help="such as core.requests (default: all)")
    parser.add_argument("--late", action="store_true", help="only what is not as it should be")
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    from watershed.cockpit.outages import ASKED
    from watershed.cockpit.questions.tables import list_conditions

    known = list_conditions()
    shown = [known[find_address(args.table, known)]] if args.table else list(known.values())
    names = {name for one in shown for name in one.declared.sources}
    state = ASKED.find_monitor()
    producers = [one for one in (state.sources if state and state.is_answering else ()) if one.name in names]
    missing = count_missing()
    listings = [
        list_tables([one for one in shown if not args.late or needs_somebody(one, missing)], missing),
        list_producers([one for one in producers if not args.late or one.is_silent]),
    ]
    if args.table:
        listings.append(list_days(shown[0].declared.address))
    print_listings(args.format, *listings)
    if any(one.state == "unwatched" for one in shown):
        print("unwatched: no monitor says whether something waits; start `watershed monitor`", file=sys.stderr)
    is_well = not any(one.state in ("late", "unwatched") for one in shown) and not any(p.is_silent for p in producers)
    return 0 if is_well else 1


def find_address(name: str, known: Iterable[str]) -> str:
    """That called `core.requests`, or `requests`. Raises NotFound with what is near."""
    from watershed.declarations.nearby import explain_unknown

    addresses = sorted(known)
    named = [address for address in addresses if name in (address, address.partition(".")[2])]
    if not named:
        raise NotFound(explain_unknown("table", name, addresses))
    return named[0]


def needs_somebody(one: "Condition", missing: dict[str, int]) -> bool:
    return one.state in ("late", "stale") or bool(one.silent) or one.declared.address in missing


def count_missing() -> dict[str, int]:
    """By table, the days that are missing: expected, as far as a contract says, and without rows."""
    from watershed.cockpit.questions.partitions import list_troubled

    return {address: counts["missing"] for address, counts, _ in list_troubled() if counts.get("missing")}


def list_tables(shown: list["Condition"], missing: dict[str, int]) -> Listing:
    rows = [condition_row(one, missing.get(one.declared.address, 0)) for one in shown]
    return Listing("tables", TABLES, rows, brief=BRIEF)


def condition_row(one: "Condition", missing: int) -> tuple[Any, ...]:
    """`since`: when it became late, or a mart's inputs newer than it; None where it is as it should be."""
    from watershed.warehouse.ledger.history import utc_now

    fresh = one.freshness
    waiting = fresh.waiting_since if fresh else None
    waits = fresh.measure_wait(utc_now()) if fresh and waiting else None
    since = {"late": waiting + fresh.promise if fresh and waiting else None, "stale": waiting}.get(one.state)
    silent = ", ".join(source.name for source in one.silent) or None
    promise = fresh.promise if fresh else one.declared.promise
    why = explain(one, missing)
    return (one.declared.address, one.state, why, since, waits, promise, waiting, one.published_at, missing, silent)


def explain(one: "Condition", missing: int) -> str | None:
    """Why somebody should look at it, in a few words; None where it is as it should be."""
    reasons = {
        f"late by {format_span(one.late_by)}": one.state == "late",
        f"{count_nouns(one.stale, 'partition')} older than its inputs": one.state == "stale",
        f"{count_nouns(missing, 'day')} missing": missing > 0,
        **{f"{source.name} is silent": True for source in one.silent},
    }
    return ", ".join(reason for reason, holds in reasons.items() if holds) or None


def list_producers(sources: list["SourceReading"]) -> Listing:
    rows = [
        (one.name, state, one.arrived_at, one.silence, one.every, format_days(one.name))
        for one in sources
        for state in ["silent" if one.is_silent else "heard"]
    ]
    return Listing("producers", PRODUCERS, rows, title="producers that have promised a rhythm")


def format_days(source: str) -> str | None:
    """On which days something is expected: `Mon to Fri, not on 2026-12-25`."""
    from watershed.declarations import load_sources

    rhythm = load_sources()[source].rhythm if source in load_sources() else None
    if rhythm is None:
        return None
    days = sorted(set(rhythm.weekdays))
    is_stretch = len(days) > 2 and days == list(range(days[0], days[-1] + 1))
    named = f"{DAYS[days[0]]} to {DAYS[days[-1]]}" if is_stretch else ", ".join(DAYS[day] for day in days)
    without = ", ".join(day.isoformat() for day in sorted(rhythm.without))
    return (named if len(days) < len(DAYS) else "every day") + (f", not on {without}" if without else "")


def list_days(address: str) -> Listing:
    """What is missing of a table."""
    from watershed.cockpit.questions.partitions import list_partitions

    missing = [(p.day, p.why) for p in list_partitions(address).values() if p.state == "missing"]
    return Listing("missing days", ("day", "why"), missing)
