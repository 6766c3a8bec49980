"""Write one version of the lake into a plain DuckDB file: for a laptop, or a tool that reads such files.

  watershed export lake.duckdb                                   core, mart and ml, as they are now
  watershed export report.duckdb --schema mart --snapshot year-end-2026
  watershed export open.duckdb --without-personal

Personal columns are in the file unless the role does not see them or they are left out: keep it as you would keep
the lake. Tables that a role with rows of its own does not see at all are not in the file.
"""

import argparse
from pathlib import Path

from watershed.cli.listing import Listing, add_format, print_listings

GOES_ON = "the file is not written"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE.duckdb", help="written whole, or not at all")
    parser.add_argument("--schema", action="append", metavar="S", help="such as mart; again for another one")
    parser.add_argument("--snapshot", metavar="N", help="a number (`watershed ledger`), a pin or a UTC time")
    parser.add_argument("--role", metavar="NAME", help="as this role sees the lake (contracts/roles.py)")
    parser.add_argument("--without-personal", action="store_true", help="leave personal columns out")
    parser.add_argument("--force", action="store_true", help="replace the file")
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    from watershed.declarations.counting import count_nouns
    from watershed.declarations.roles import find_role, read_own_role
    from watershed.flows.upkeep.export import KEPT, export_lake
    from watershed.serving.analyst import connect_analyst
    from watershed.warehouse.pins import find_snapshot

    role = find_role(args.role) if args.role else read_own_role()
    snapshot = find_snapshot(connect_analyst(role=role), args.snapshot) if args.snapshot else None
    counts = export_lake(
        args.file, args.schema or KEPT, snapshot, role, is_forced=args.force, without_personal=args.without_personal
    )
    print_listings(args.format, Listing("tables", ("table", "rows"), list(counts.items()), title=str(args.file)))
    if args.format == "table":
        print(count_nouns(args.file.stat().st_size, "byte"))
    return 0
