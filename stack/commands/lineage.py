"""Tell where a table or column comes from, and what depends on it.

  watershed lineage mart.top_pages                 tables upstream and downstream
  watershed lineage mart.top_pages.client_count    columns likewise, and how it is computed
  watershed lineage --resend 812                   send the OpenLineage event of a snapshot again, from the ledger
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="schema.table, schema.table.column or raw/source")
    parser.add_argument("--resend", type=int, metavar="SNAPSHOT", help="send the event of this snapshot again")


def run(args: argparse.Namespace) -> int:
    if args.resend is not None:
        from steps.announce import resend_event

        print(f"sent: {resend_event(args.resend)}")
        return 0
    if not args.name:
        raise ValueError("name a table or a column, such as mart.top_pages.client_count")
    address, column = split_name(args.name)
    if column:
        print_column(address, column)
    else:
        print_table(address)
    return 0


def split_name(name: str) -> tuple[str, str]:
    """Address and column, the latter empty where a table is meant."""
    parts = name.split(".")
    return (name, "") if len(parts) < 3 else (".".join(parts[:2]), ".".join(parts[2:]))


def print_table(address: str) -> None:
    from lineage.graph import draw_graph

    graph = draw_graph()
    print(f"{address}: {graph.find(address).description}")
    for title, found in (("comes from", graph.list_upstream(address)), ("is read by", graph.list_downstream(address))):
        print(f"\n{title}" + ("" if found else " nothing"))
        for other in found:
            print(f"  {other:38} {graph.nodes[other].kind}")


def print_column(address: str, column: str) -> None:
    from lineage.columns import trace_columns
    from lineage.graph import find_dependents, find_origins, is_traced, list_row_dependents

    before, after = find_origins(address, column), find_dependents(address, column)
    if is_traced(address):
        lineage = trace_columns(address)
        print(f"{address}.{column}" + (f" = {lineage.expressions[column]}" if column in lineage.expressions else ""))
        if rows := [f"{o.address}.{o.column}" for o in lineage.rows]:
            print(f"rows are chosen by {', '.join(rows)}")
    for title, found in (("comes from", before), ("goes into", after)):
        print(f"\n{title}" + ("" if found else " nothing"))
        for steps, origin in found:
            print(f"  {'  ' * (steps - 1)}{origin.address}.{origin.column}  ({origin.how})")
    if others := list_row_dependents(address, column):
        print(f"\nchooses rows of\n  {', '.join(others)}")
