"""Show what was published: the latest runs with what was refused or failed a check, or one table's objects and checks.

A rule about a table as a whole has no number of rows where it fails: its reason says what was seen. Every publish is
one line with its snapshot number, which `watershed sql --snapshot` takes. As CSV the lists follow each
other, each after an empty line; as JSON they are one object, by their names.
"""

import argparse
from collections.abc import Sequence

from watershed.cli.arguments import parse_limit
from watershed.cli.listing import Listing, add_format, print_listings
from watershed.errors import NotFound

RUNS = """
    SELECT snapshot_id AS snapshot, strftime(published_at, '%Y-%m-%d %H:%M:%S') AS published, subject, actor,
           rows_read AS read, rows_written AS written, rows_quarantined AS quarantined,
           rows_deduplicated AS deduplicated, rows_filtered AS filtered, stage_ms, check_ms, run_id
    FROM ledger.publishes ORDER BY snapshot_id DESC LIMIT ?
"""
REFUSED = """
    SELECT strftime(refused_at, '%Y-%m-%d %H:%M:%S') AS refused, source, object_name AS file, reason
    FROM ledger.refusals ORDER BY refused_at DESC, object_name, raw_object LIMIT ?
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
FAILED = """
    SELECT table_name AS "table", rule, column_name AS "column", severity,
           CASE WHEN rows_failed > 0 THEN rows_evaluated END AS evaluated, nullif(rows_failed, 0) AS failed, reason,
           snapshot_id AS snapshot
    FROM (FROM ledger.checks QUALIFY snapshot_id = max(snapshot_id) OVER (PARTITION BY table_name))
    WHERE NOT is_success ORDER BY table_name, rows_failed DESC, rule LIMIT ?
"""
CHECKS = """
    SELECT rule, column_name AS "column", severity,
           CASE WHEN is_success OR rows_failed > 0 THEN rows_evaluated END AS evaluated,
           CASE WHEN is_success OR rows_failed > 0 THEN rows_failed END AS failed, is_success AS success, reason
    FROM ledger.checks WHERE table_name = ?
    QUALIFY snapshot_id = max(snapshot_id) OVER () ORDER BY is_success, rule LIMIT ?
"""
RUNS_BRIEF = ("snapshot", "published", "subject", "written", "quarantined")
OBJECTS_BRIEF = ("snapshot", "file", "read", "written", "quarantined")
PARTITIONS_BRIEF = ("snapshot", "partition", "computed_from")
FAILED_BRIEF = ("table", "rule", "failed", "reason")
CHECKS_BRIEF = ("rule", "failed", "success", "reason")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", nargs="?", help="such as core.requests or top_pages")
    parser.add_argument("--limit", type=parse_limit, default=20, metavar="N", help="lines of each list (default 20)")
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    if args.table is None:
        publishes = ask("publishes", RUNS, [args.limit], RUNS_BRIEF)
        title = "checks that failed before a table's last publish"
        failed = ask("failed checks", FAILED, [args.limit], FAILED_BRIEF, title)
        print_listings(args.format, publishes, ask("refused objects", REFUSED, [args.limit]), failed)
        return 0
    address, is_fed = find_address(args.table)
    title, values = f"{address}: what it was built from", [address, args.limit]
    if is_fed:
        built = ask("objects", OBJECTS, values, OBJECTS_BRIEF, title)
    else:
        built = ask("partitions", PARTITIONS, values, PARTITIONS_BRIEF, title)
    title = f"{address}: checks of the last publish"
    checks = ask("checks", CHECKS, [address, args.limit * 5], CHECKS_BRIEF, title)
    print_listings(args.format, built, checks)
    return 0


def find_address(table: str) -> tuple[str, bool]:
    """The address of a table or mart, and whether sources feed it. Raises NotFound."""
    from watershed.declarations import load_tables
    from watershed.declarations.nearby import explain_unknown
    from watershed.warehouse.schema.marts import list_marts

    name = table.rpartition(".")[2]
    tables, marts = load_tables(), {mart.name: mart.address for mart in list_marts()}
    addresses = {t.name: t.address for t in tables.values()} | marts
    if name not in addresses:
        raise NotFound(explain_unknown("table or mart", table, addresses.values()))
    return addresses[name], name in tables and not tables[name].is_made


def ask(name: str, query: str, values: list[object], brief: Sequence[str] = (), title: str = "") -> Listing:
    from watershed.warehouse.connection import connect

    result = connect(read_only=True).execute(query, values)
    return Listing(name, [column[0] for column in result.description or ()], result.fetchall(), brief, title)
