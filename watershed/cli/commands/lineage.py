"""Tell where a table or column comes from, and what depends on it.

watershed lineage mart.top_pages                 tables upstream and downstream
watershed lineage mart.top_pages.client_count    columns likewise, and how it is computed
watershed lineage --resend 812                   send the OpenLineage event of a snapshot again, from the ledger
"""

import argparse

from watershed.cli.listing import Listing, add_format, print_listings
from watershed.errors import InvalidInput

UPSTREAM, DOWNSTREAM = "comes from", "goes into"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="schema.table, schema.table.column or raw/source")
    parser.add_argument("--resend", type=int, metavar="SNAPSHOT", help="send the event of this snapshot again")
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    if args.resend is not None:
        from watershed.flows.ingest.announce import resend_event

        print(f"sent: {resend_event(args.resend)}")
        return 0
    if not args.name:
        raise InvalidInput("name a table or a column, such as mart.top_pages.client_count")
    address, column = split_name(args.name)
    print_listings(args.format, *(list_columns(address, column) if column else list_tables(address)))
    return 0


def split_name(name: str) -> tuple[str, str]:
    """Address and column, the latter empty where a table is meant."""
    parts = name.split(".")
    return (name, "") if len(parts) < 3 else (".".join(parts[:2]), ".".join(parts[2:]))


def list_tables(address: str) -> list[Listing]:
    from watershed.lineage.graph import draw_graph

    graph = draw_graph()
    title = f"{address}: {graph.find(address).description}"
    found = ((UPSTREAM, graph.list_upstream(address)), (DOWNSTREAM, graph.list_downstream(address)))
    rows = [(way, other, graph.nodes[other].kind) for way, others in found for other in others]
    return [Listing("tables", ("way", "name", "kind"), rows, title=title)]


def list_columns(address: str, column: str) -> list[Listing]:
    from watershed.lineage.columns import trace_columns
    from watershed.lineage.graph import find_dependents, find_origins, is_traced, list_row_dependents

    title, rows = f"{address}.{column}", []
    if is_traced(address):
        lineage = trace_columns(address)
        title += f" = {lineage.expressions[column]}" if column in lineage.expressions else ""
        rows += [("its rows are chosen by", 1, f"{o.address}.{o.column}", "") for o in lineage.rows]
    for way, found in ((UPSTREAM, find_origins(address, column)), (DOWNSTREAM, find_dependents(address, column))):
        rows += [(way, steps, f"{origin.address}.{origin.column}", origin.how) for steps, origin in found]
    rows += [("chooses rows of", 1, other, "") for other in list_row_dependents(address, column)]
    return [Listing("columns", ("way", "steps", "name", "how"), rows, title=title)]
