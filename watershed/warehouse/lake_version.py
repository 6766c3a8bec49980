"""The version of a lake, and the steps that bring an older one up to date.

A lake has the number of the last step that it has been through: 0 before there were numbers. It is told by the comment
of `ledger.publishes`, which lies in the catalogue itself, so that reading it needs no object, and which changes in the
transaction of the step. Missing tables and columns are not a step: they are made as declared whenever they are.

A step is never changed once a release has it. Append another, with SQL of its own: what is declared today may not be
what the lake has that it is going to meet.
"""

import re
from collections.abc import Callable, Mapping

import duckdb
from duckdb import DuckDBPyConnection

from watershed.errors import InvalidInput, NotFound

Step = Callable[[DuckDBPyConnection, Mapping[str, object]], None]

TOLD = """
    SELECT value FROM ducklake_tag JOIN ducklake_table ON table_id = object_id JOIN ducklake_schema USING (schema_id)
    WHERE key = 'comment' AND ducklake_tag.end_snapshot IS NULL AND ducklake_table.end_snapshot IS NULL
        AND schema_name = 'ledger' AND table_name = 'publishes'
"""
COMMENT = "What every publish recorded. The lake is of version {}"
# Of books that were written before departures were: by object, the rows that its quarantine has no more.
EARLIER_DEPARTURES = """
    INSERT INTO ledger.departures BY NAME
    SELECT 'before' AS run_id, (SELECT id + 1 FROM ducklake_current_snapshot('lake')) AS snapshot_id,
           '{quarantine}' AS quarantine, raw_object, '' AS rule, '' AS reason,
           rows_quarantined - coalesce(there, 0) AS row_count, '[]' AS lines_json
    FROM (
        FROM ledger.books WHERE split_part(table_name, '.', 2) = '{name}'
        QUALIFY snapshot_id = max(snapshot_id) OVER (PARTITION BY raw_object)
    ) LEFT JOIN (SELECT raw_object, count(*) AS there FROM {quarantine} GROUP BY raw_object) USING (raw_object)
    WHERE rows_quarantined > coalesce(there, 0)
"""


class LakeTooNew(NotFound):
    """A newer engine has brought the lake to a version that this one does not know."""


class NotUpgraded(InvalidInput):
    """A step has failed, and the lake is what it was."""


def note_earlier_departures(con: DuckDBPyConnection, existing: Mapping[str, object]) -> None:
    if "ledger.departures" in existing:
        return
    con.execute("""
        CREATE TABLE ledger.departures (
            run_id VARCHAR NOT NULL, snapshot_id BIGINT NOT NULL, quarantine VARCHAR NOT NULL,
            raw_object VARCHAR NOT NULL, rule VARCHAR NOT NULL, reason VARCHAR NOT NULL, row_count BIGINT NOT NULL,
            lines_json VARCHAR NOT NULL)
    """)
    for quarantine in (address for address in existing if address.startswith("quarantine.")):
        con.execute(EARLIER_DEPARTURES.format(quarantine=quarantine, name=quarantine.partition(".")[2]))


STEPS: tuple[Step, ...] = (note_earlier_departures,)


def read_lake_version(con: DuckDBPyConnection, catalogue: str = "lake") -> int:
    """Of the lake that is attached by this name; 0 where none is noted, or where there is no ledger yet."""
    told = TOLD.replace("'", "''")
    found = con.execute(f"FROM system.main.postgres_query('__ducklake_metadata_{catalogue}', '{told}')").fetchone()
    number = re.search(r"version (\d+)$", found[0] or "") if found else None
    return int(number[1]) if number else 0


def is_up_to_date(con: DuckDBPyConnection) -> bool:
    return read_lake_version(con) == len(STEPS)


def verify_lake_version(con: DuckDBPyConnection, catalogue: str = "lake") -> None:
    """Raises LakeTooNew: what a newer engine has written may mean something else than this one would read."""
    if (version := read_lake_version(con, catalogue)) > len(STEPS):
        raise LakeTooNew(
            f"the lake is of version {version} and this engine knows lakes up to version {len(STEPS)}: "
            "install the engine that has brought it up to date, or a newer one"
        )


def upgrade_lake(con: DuckDBPyConnection, existing: Mapping[str, object], version: int) -> list[str]:
    """Take the steps that a lake of a version has not been through, in the caller's transaction. `existing`: its tables
    by address. Returns what was done, a phrase, where there was a lake. Raises NotUpgraded."""
    if "ledger.publishes" not in existing or version >= len(STEPS):
        return []
    for number, step in enumerate(STEPS[version:], version + 1):
        try:
            step(con, existing)
        except duckdb.Error as error:
            why = str(error).splitlines()[0]
            raise NotUpgraded(
                f"the lake stays of version {version}, for step {number} ({step.__name__}) has failed ({why}): "
                "go on with the engine that wrote it, and report this sentence"
            ) from error
    return [f"the lake is of version {len(STEPS)}, was of {version}"]


def note_lake_version(con: DuckDBPyConnection, version: int) -> None:
    """Say that a lake, which was of a version before, has been through all steps."""
    if version != len(STEPS):
        con.execute(f"COMMENT ON TABLE ledger.publishes IS '{COMMENT.format(len(STEPS))}'")
