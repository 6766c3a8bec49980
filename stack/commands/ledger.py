"""Show what was published: the latest runs, or for one table its objects, checks and quarantine.

Every publish is one line with its snapshot number, which `watershed sql --snapshot` takes.
"""

import argparse

from stack.arguments import parse_limit

RUNS = """
    SELECT snapshot_id AS snapshot, strftime(published_at, '%Y-%m-%d %H:%M:%S') AS published, subject, actor,
           rows_read AS read, rows_written AS written, rows_quarantined AS quarantined,
           rows_deduplicated AS deduplicated, rows_filtered AS filtered, stage_ms, check_ms, run_id
    FROM ledger.publishes ORDER BY snapshot_id DESC LIMIT ?
"""
REFUSED = """
    SELECT strftime(refused_at, '%Y-%m-%d %H:%M:%S') AS refused, source, object_name AS file, reason
    FROM ledger.refusals ORDER BY refused_at DESC LIMIT ?
"""
OBJECTS = """
    SELECT snapshot_id AS snapshot, object_name AS file, origin, rows_read AS read, rows_written AS written,
           rows_quarantined AS quarantined, rows_deduplicated AS deduplicated, rows_filtered AS filtered, raw_object,
           superseded_by
    FROM ledger.books
    LEFT JOIN (SELECT raw_object, snapshot_id, superseded_by FROM ledger.objects) USING (raw_object, snapshot_id)
    WHERE table_name = ? ORDER BY snapshot_id DESC, object_name LIMIT ?
"""
PARTITIONS = """
    SELECT snapshot_id AS snapshot, coalesce(day::VARCHAR, 'whole') AS partition,
           input_snapshot_id AS computed_from, run_id
    FROM ledger.inputs WHERE table_name = ? ORDER BY snapshot_id DESC, day LIMIT ?
"""
CHECKS = """
    SELECT rule, severity, rows_evaluated AS evaluated, rows_failed AS failed, is_success AS success, reason
    FROM ledger.checks WHERE table_name = ?
    QUALIFY snapshot_id = max(snapshot_id) OVER () ORDER BY is_success, rule LIMIT ?
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", nargs="?", help="such as core.requests or top_pages")
    parser.add_argument("--limit", type=parse_limit, default=20, metavar="N", help="lines of each list (default 20)")


def run(args: argparse.Namespace) -> int:
    from contracts import load_tables
    from warehouse.marts import list_marts

    if args.table is None:
        show("publishes", RUNS, [args.limit])
        show("refused objects", REFUSED, [args.limit])
        return 0
    name = args.table.rpartition(".")[2]
    addresses = {t.name: t.address for t in load_tables().values()} | {m.name: m.address for m in list_marts()}
    if (address := addresses.get(name)) is None:
        raise LookupError(f"there is no table or mart {name!r}; there are {', '.join(sorted(addresses))}")
    is_fed = name in load_tables() and not load_tables()[name].is_made
    show(f"{address}: what it was built from", OBJECTS if is_fed else PARTITIONS, [address, args.limit])
    show(f"{address}: checks of the last publish", CHECKS, [address, args.limit * 5])
    return 0


def show(title: str, query: str, values: list[object]) -> None:
    from warehouse.connection import connect

    result = connect(read_only=True).sql(query, params=values)
    print(title if len(result) else f"{title}: none")
    if len(result):
        result.show(max_width=240, max_rows=10_000)
