"""Records that make a transform fail: found by halving, so that they are bad records and hold up no others.

A transform says what is wrong with a record, but it may forget one: a number that no column of its table holds, say.
DuckDB then fails for the slice as a whole, in this run and in every later one.
"""

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from watershed.declarations.column_types import type_sql
from watershed.declarations.masking import OPENED, mask_quoted
from watershed.errors import InvalidInput
from watershed.flows.ingest.plan_records import Sorting, StagingPlan

DATA_ERRORS = (duckdb.DataError, duckdb.InvalidInputException)  # for what is in a row; a server's faults are others
MOST_FAILING = 100  # of a slice; where there are more, the fault is not the records'


def reject_failing(con: DuckDBPyConnection, plans: list[StagingPlan], sorting: Sorting, records: pa.Table) -> pa.Table:
    """The records, with a problem for each that a plan fails for. Raises InvalidInput where those are too many."""
    found: dict[int, str] = {}
    search_records(con, plans, sorting, records, 0, found)
    is_failing = np.zeros(records.num_rows, bool)
    is_failing[list(found)] = True
    whys = pa.array([found[place] for place in sorted(found)], pa.string())
    place = records.schema.get_field_index("problem")
    problems = pc.replace_with_mask(records.column(place).combine_chunks(), pa.array(is_failing), whys)
    return records.set_column(place, records.schema.field(place), problems)


def search_records(
    con: DuckDBPyConnection,
    plans: list[StagingPlan],
    sorting: Sorting,
    records: pa.Table,
    first: int,
    found: dict[int, str],
) -> None:
    """Add the failing ones to `found`, by place: the first of the records has the place `first`."""
    why = try_plans(con, plans, sorting, records)
    if why is None:
        return
    if records.num_rows == 1:
        found[first] = why
        if len(found) > MOST_FAILING:
            raise InvalidInput(
                f"more than {MOST_FAILING} records of {plans[0].source.name} fail: {why}; let the transform try_cast, "
                "and say in `problem` what is wrong, or widen the column"
            )
        return
    middle = records.num_rows // 2
    search_records(con, plans, sorting, records.slice(0, middle), first, found)
    search_records(con, plans, sorting, records.slice(middle), first + middle, found)


def try_plans(con: DuckDBPyConnection, plans: list[StagingPlan], sorting: Sorting, records: pa.Table) -> str | None:
    """Why rows cannot be made of these records, or the columns of a table cannot hold them; None where all is well."""
    con.register("records", records)
    con.execute(f"CREATE OR REPLACE TEMP TABLE claimed AS {sorting.claim}")
    for plan in plans:
        casts = ", ".join(f'CAST("{c.name}" AS {type_sql(c.type)})' for c in plan.table.all_columns)
        try:
            con.execute(f"CREATE OR REPLACE TEMP TABLE tried AS SELECT * FROM ({plan.parse})")
            con.execute(f"CREATE OR REPLACE TEMP TABLE held AS SELECT {casts} FROM tried WHERE problem IS NULL")
        except DATA_ERRORS as error:
            return f"no row of {plan.table.address} {OPENED}{format_reason(error)}"
    return None


def format_reason(error: Exception) -> str:
    """What DuckDB says, without the kind of error and the place in a query that nobody wrote. The value that it quotes,
    which may be about a person, is masked."""
    said = str(error).partition("\nLINE ")[0]
    return mask_quoted(said.partition(" Error: ")[2] or said).strip().split("\n")[0]
