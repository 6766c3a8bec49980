"""What a check has to say about a history: versions that fail a rule are taken out, and what they ended goes on.

A version that fails is not there: the history is folded again without it, so that the one before it is current until a
good one comes, just as if the extraction had never brought it. Every later run and every rebuild finds the same.
"""

from duckdb import DuckDBPyConnection

from watershed.declarations.table import TRACE, Table
from watershed.flows.begun import Run
from watershed.flows.histories.fold import count_rows, fold_table, forget_bad
from watershed.flows.histories.stage import recall_plan
from watershed.flows.staged import Staged, StagedTable
from watershed.warehouse.connection import quote


def settle_history(
    con: DuckDBPyConnection, table: Table, staged: Staged, failing: str, run: Run
) -> StagedTable:
    """Fold a table again without the versions that `failing`, a query over the view `staged`, finds among those of the
    run's own extractions, until it finds none; they are in the temporary table `failing` then.

    Returns what is staged of the table, anew where something failed.
    """
    own = staged.tables[table.name]
    forget_bad(con, table)
    con.execute(f"CREATE OR REPLACE TEMP TABLE failing AS SELECT * FROM ({failing}) LIMIT 0")
    while add_failing(con, table, failing, list(own.tallies)):
        own = fold_table(con, table, recall_plan(run, staged), run.store)
        listed = ", ".join(map(quote, own.files))
        empty = f"SELECT * FROM {table.address} LIMIT 0"
        con.execute(f"CREATE OR REPLACE TEMP VIEW staged AS {f'FROM read_parquet([{listed}])' if listed else empty}")
    return own


def add_failing(con: DuckDBPyConnection, table: Table, failing: str, own: list[str]) -> bool:
    """Add to `failing` and `bad` what fails now. Earlier versions were judged when they were published."""
    query = f"SELECT * FROM ({failing}) WHERE list_contains(?, raw_object)"
    con.execute(f"CREATE OR REPLACE TEMP TABLE found AS {query}", [own])
    if not count_rows(con, "found"):
        return False
    con.execute("INSERT INTO failing BY NAME FROM found")
    names = ", ".join(f'"{c.name}"' for c in (*table.columns, *TRACE))
    versions = f"SELECT {names} FROM staged SEMI JOIN found USING (raw_object, raw_line)"
    con.execute(f"INSERT INTO bad BY NAME {versions}")
    return True
