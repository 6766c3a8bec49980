"""Statistics of the ledger's tables from the start.

DuckLake keeps what it knows of a table's columns once the table has had a row. Until then it asks the catalogue for
them again, column by column, in every query: 45 ms of a processor a question, and a healthy lake has a dozen tables,
of refusals and decisions, that stay empty. A row that came and went leaves the statistics of an empty table.

It goes in a snapshot of its own: of a row that came and went in one, DuckLake answers `min` and `max` by that row.
`ledger.definitions` says that it came and that it went, so that whoever comes after a process that was killed between
the two finds a lake that is not prepared.
"""

from collections.abc import Mapping

from duckdb import DuckDBPyConnection

from watershed.warehouse.connection import quote
from watershed.warehouse.ledger.tables import declare_ledger

NAME, CAME, WENT = "statistics", "came", "went"  # in ledger.definitions
UNKNOWN = """
    SELECT 'ledger.' || table_name FROM ducklake_table JOIN ducklake_schema USING (schema_id)
    WHERE schema_name = 'ledger' AND ducklake_table.end_snapshot IS NULL
        AND table_id NOT IN (SELECT table_id FROM ducklake_table_stats)
"""
# A value of each type. Mirrors copy rows of snapshots from 0 on: whoever reads between the two snapshots passes it by.
VALUES = {"BIGINT": "-1", "INTEGER": "-1", "DOUBLE": "-1", "BOOLEAN": "false", "VARCHAR": "''"}
VALUES |= {"DATE": "DATE '1970-01-01'", "TIMESTAMP": "TIMESTAMP '1970-01-01'"}


def list_statistics_sql(con: DuckDBPyConnection, digests: Mapping[str, str]) -> list[str]:
    """What is to be executed, each in a transaction of its own; nothing where every table has statistics. `digests`:
    those of `ledger.definitions`."""
    query = f"FROM system.main.postgres_query('__ducklake_metadata_lake', {quote(UNKNOWN)})"
    unknown = {row[0] for row in con.execute(query).fetchall()}
    tables = declare_ledger()
    rows = [f"INSERT INTO {name} BY NAME SELECT {list_values(tables[name])}" for name in tables if name in unknown]
    come = [format_statements(rows, CAME)] if rows else []
    if not come and is_settled(digests):
        return []
    return [*come, format_statements([f"DELETE FROM {name} WHERE snapshot_id < 0" for name in tables], WENT)]


def is_settled(digests: Mapping[str, str]) -> bool:
    """Whether no row that came for statistics is still there."""
    return digests.get(NAME) != CAME


def format_statements(statements: list[str], what: str) -> str:
    note = f"INSERT INTO ledger.definitions SELECT '{NAME}', '{what}', id + 1 FROM ducklake_current_snapshot('lake')"
    message = quote(f"{NAME} of empty tables of the ledger: a row {what}")
    return "; ".join([*statements, note, f"CALL lake.set_commit_message('watershed', {message})"])


def list_values(columns: dict[str, str]) -> str:
    return ", ".join(f"{VALUES[kind]} AS {name}" for name, kind in columns.items())
