"""Folding of extractions into the history of a table: the versions of every record that they change.

What comes out is the complete history of each changed record: its earlier versions with it, since some of them end.
They are *carried*: rows of the staged file that come from extractions published before.

A row that is *bad*, because its values do not fit the contract or because it fails a rule, takes no part: the record is
still there, and what was known of it before holds until a good row comes.
"""

from dataclasses import dataclass
from uuid import uuid4

import duckdb
from duckdb import DuckDBPyConnection
from ibis.common.exceptions import IbisError

from watershed.declarations.table import TRACE, Table
from watershed.flows.histories.plan_folds import compile_columns, compile_fold, compile_keys, describe
from watershed.flows.staged import StagedTable, Tally
from watershed.lake.store import Store, side_key, table_key
from watershed.sources.postgres.extraction_order import Taken
from watershed.sources.postgres.extractions import find_unlisted, read_extraction
from watershed.warehouse.connection import quote

# What the same extraction raises whenever it is tried. Other errors, such as those of a network, pass by themselves.
LASTING = (
    duckdb.DataError,
    duckdb.ProgrammingError,
    duckdb.NotSupportedError,
    IbisError,
    LookupError,
    ValueError,
    TypeError,
)
REJECT = "raw_object VARCHAR, raw_line BIGINT, problem VARCHAR, line JSON"


@dataclass(frozen=True)
class FoldPlan:
    """What a run folds: extractions in order, onto what is published or, in a rebuild, onto nothing. Those up to the
    number `folded` are in what is published already, and change nothing."""

    run_id: str
    taken: tuple[Taken, ...]
    folded: int
    is_rebuild: bool


class Unstageable(Exception):
    """An extraction that cannot be folded, whatever is tried: its key, and a sentence."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(why)
        self.key = key


def fold_table(con: DuckDBPyConnection, table: Table, plan: FoldPlan, store: Store) -> StagedTable:
    """Stage a table's history. Rejected are rows whose values do not fit; each extraction has a tally.

    Rows equal to one of the temporary table `bad` are left out. Raises Unstageable.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE folded AS FROM {table.address} LIMIT 0")  # with those retired
    con.execute(f"CREATE OR REPLACE TEMP TABLE rejects ({REJECT})")
    tallies, absent = {}, {}
    for taken in plan.taken:
        try:
            tallies[taken.key], absent[taken.key] = fold_taken(con, table, plan, taken, store)
        except LASTING as error:
            raise Unstageable(taken.key, explain_failure(table, taken, str(error))) from error
        except duckdb.IOException as error:
            if lost := find_lost(table, taken, store):
                raise Unstageable(taken.key, explain_failure(table, taken, f"{lost} is not in the bucket")) from error
            raise
    files = copy_rows(con, "FROM folded ORDER BY ALL", store, file_sql(table, plan))
    side = side_key(plan.run_id, f"rejects-{table.name}-{uuid4().hex[:12]}")
    rejects = copy_rows(con, "FROM rejects", store, side)
    old = {key: missing for key, missing in absent.items() if missing}
    return StagedTable(files, rejects, tallies, absent=old)


def find_lost(table: Table, taken: Taken, store: Store) -> str | None:
    """A file that the extraction names and the bucket does not have."""
    own = taken.extraction.find_origin(table)
    return next((key for key in (own.rows, own.keys) if store.find(key) is None), None)


def explain_failure(table: Table, taken: Taken, why: str) -> str:
    name = f"{taken.extraction.source} at {taken.extraction.cut_at}"
    return (
        f"the extraction of {name} cannot be folded into {table.address}: {why.strip().splitlines()[0]}; the next run "
        "brings all that it had"
    )


def file_sql(table: Table, plan: FoldPlan) -> str:
    return table_key(table.address, f"{plan.run_id}-{uuid4().hex[:12]}")


def copy_rows(con: DuckDBPyConnection, query: str, store: Store, key: str) -> list[str]:
    """The file that holds what a query finds; none where it finds nothing."""
    copied = con.execute(f"COPY ({query}) TO {quote(store.address(key))} (FORMAT parquet)").fetchone()
    return [store.address(key)] if copied and copied[0] else []


def fold_taken(
    con: DuckDBPyConnection, table: Table, plan: FoldPlan, taken: Taken, store: Store
) -> tuple[Tally, list[str]]:
    """Add what one extraction changes to `folded`; its tally, and the contract's columns that it does not have."""
    if (found := taken.extraction.seek_origin(table)) is None:
        return Tally(), []  # it is older than the table
    if taken.number <= plan.folded:
        return Tally(read=found.row_count, deduplicated=found.row_count), []
    if is_by_another_key(table, plan, taken):
        return Tally(read=found.row_count, filtered=found.row_count), []
    there = {name for name, _ in found.columns}
    absent = [c.name for c in table.columns if c.find_origin(there) is None]
    rejected, repeated = read_rows(con, table, taken, store)
    fold_rows(con, table, plan, taken)
    written = count_rows(con, f"changed WHERE raw_object = {quote(taken.key)}")
    bad = count_rows(con, f"bad WHERE raw_object = {quote(taken.key)}") if repeated else 0
    unchanged = found.row_count - rejected - written - bad
    return Tally(found.row_count, rejected=rejected, deduplicated=unchanged, written=written), absent


def is_by_another_key(table: Table, plan: FoldPlan, taken: Taken) -> bool:
    """Whether the extraction lists records by an earlier key of the contract, so that nobody can tell which are gone,
    and a later one, which is complete, tells all there is."""
    if not find_unlisted(taken.extraction.find_origin(table), table):
        return False
    later = (one.extraction.seek_origin(table) for one in plan.taken if one.number > taken.number)
    return any(own is not None and own.is_snapshot for own in later)


def read_rows(con: DuckDBPyConnection, table: Table, taken: Taken, store: Store) -> tuple[int, int]:
    """Fill `extracted` and `present` with an extraction's good rows and keys, in the contract's types, and `rejects`
    with rows that do not fit them. Returns how many these are, and how many rows are equal to one of `bad`.

    Names of ours beside a contract's columns begin with an underscore, which those of a contract never do.
    """
    _, rows, keys = read_extraction(store, taken.key, table)
    for name, query, compile_given in (("extracted", rows, compile_columns), ("present", keys, compile_keys)):
        compiled = compile_given(table, describe(con, query))
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS WITH given AS ({query}) FROM ({compiled})")
    if rejected := count_rows(con, "extracted WHERE _problem IS NOT NULL"):
        con.execute(f"""
            INSERT INTO rejects SELECT raw_object, raw_line, _problem, to_json(_own) FROM ({rows}) AS _own
            JOIN (SELECT raw_line, _problem FROM extracted WHERE _problem IS NOT NULL) USING (raw_line)
        """)
        con.execute("DELETE FROM extracted WHERE _problem IS NOT NULL")
    con.execute("ALTER TABLE extracted DROP _problem")
    same = " AND ".join(f'bad."{c.name}" IS NOT DISTINCT FROM extracted."{c.name}"' for c in table.columns)
    gone = con.execute(f"DELETE FROM extracted USING bad WHERE {same}").fetchone()
    return rejected, int(gone[0]) if gone else 0


def fold_rows(con: DuckDBPyConnection, table: Table, plan: FoldPlan, taken: Taken) -> None:
    """Put the histories that `extracted` and `present` change into `changed`, and into `folded` in place of what was
    there of them."""
    using = ", ".join(f'"{name}"' for name in table.key)
    published = f"(FROM {table.address} WHERE {not plan.is_rebuild})"
    previous = f"SELECT * FROM {published} ANTI JOIN folded USING ({using}) UNION ALL BY NAME SELECT * FROM folded"
    con.execute(f"CREATE OR REPLACE TEMP TABLE previous AS {previous}")  # the fold looks at it several times
    mend_starts(con, using, taken)
    con.execute(f"SET VARIABLE seen_at = {moment_sql(taken)}")
    described = (describe(con, f"FROM {name}") for name in ("previous", "extracted", "present"))
    changed = compile_fold(table.key, table.changed_at, *described)
    con.execute(f"CREATE OR REPLACE TEMP TABLE changed AS {changed}")
    con.execute(f"DELETE FROM folded WHERE ({using}) IN (SELECT ({using}) FROM changed)")
    con.execute("INSERT INTO folded BY NAME SELECT * FROM changed")


def mend_starts(con: DuckDBPyConnection, using: str, taken: Taken) -> None:
    """Versions in `previous` that begin later than now, as they did while any time that a source said was believed,
    begin just before now, in their order."""
    now = moment_sql(taken)
    if not count_rows(con, f"previous WHERE valid_from >= {now}"):
        return
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE previous AS
        SELECT * EXCLUDE (_start) REPLACE (
            _start AS valid_from,
            CASE WHEN valid_to < {now} THEN valid_to WHEN valid_to IS NOT NULL
                 THEN coalesce(lead(_start) OVER (PARTITION BY {using} ORDER BY valid_from), {now}) END AS valid_to
        ) FROM (
            SELECT *, CASE WHEN valid_from < {now} THEN valid_from ELSE {now} - to_microseconds(row_number() OVER (
                PARTITION BY {using} ORDER BY valid_from DESC)) END AS _start FROM previous
        )
    """)


def moment_sql(taken: Taken) -> str:
    return f"TIMESTAMP {quote(taken.seen_at.isoformat(sep=' '))}"


def forget_bad(con: DuckDBPyConnection, table: Table) -> None:
    """Begin with no bad rows."""
    names = ", ".join(f'"{c.name}"' for c in (*table.columns, *TRACE))
    con.execute(f"CREATE OR REPLACE TEMP TABLE bad AS SELECT {names} FROM {table.address} LIMIT 0")


def count_rows(con: DuckDBPyConnection, relation: str) -> int:
    counted = con.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return int(counted[0]) if counted else 0
