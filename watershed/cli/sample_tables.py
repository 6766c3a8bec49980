"""Tables of a project as `watershed demo` prints them: rows, quarantined rows, days, checks and time of each."""

from collections.abc import Sequence

from duckdb import DuckDBPyConnection

from watershed.cli.listing import Listing, print_listings
from watershed.declarations import find_table, load_tables
from watershed.warehouse.schema.marts import list_marts

TABLES = """
    WITH checked AS (
        SELECT table_name, count(*) FILTER (is_success) || ' of ' || count(*) AS checks_passed
        FROM (
            SELECT * FROM ledger.checks
            QUALIFY snapshot_id = max(snapshot_id) OVER (PARTITION BY table_name)
        ) GROUP BY table_name
    ),
    spent AS (
        SELECT table_name, count(DISTINCT snapshot_id) AS publishes,
               round(sum(DISTINCT (stage_ms + check_ms) + snapshot_id / 1e6) / 1000, 1) AS seconds
        FROM (
            SELECT table_name, snapshot_id, run_id FROM ledger.books
            UNION SELECT table_name, snapshot_id, run_id FROM ledger.inputs
        ) JOIN ledger.publishes USING (run_id, snapshot_id) GROUP BY table_name
    )
    SELECT counted.*, coalesce(checked.checks_passed, '-') AS checks_passed, publishes, seconds
    FROM counted
    LEFT JOIN checked USING (table_name)
    LEFT JOIN spent USING (table_name)
    ORDER BY table_name
"""


def show_tables(con: DuckDBPyConnection) -> None:
    con.execute(f"CREATE TEMP TABLE counted AS {counts_sql()}")
    show(con, "Tables", TABLES, ("table_name", "row_count", "days", "quarantined", "checks_passed"))


def show(con: DuckDBPyConnection, title: str, query: str, brief: Sequence[str] = ()) -> None:
    result = con.execute(query)
    columns = [column[0] for column in result.description or ()]
    print_listings("table", Listing(title, columns, result.fetchall(), brief))
    print()


def counts_sql() -> str:
    """Rows, quarantined rows and days of every table."""
    parts = []
    days = {t.address: t.day for t in load_tables().values()} | {m.address: m.day for m in list_marts()}
    parked = {t.address for t in load_tables().values() if not t.is_made}
    for address, day in days.items():
        partitions = f'count(DISTINCT CAST("{day}" AS DATE))' if day else "NULL"
        name = address.rpartition(".")[2]
        bad = f"(SELECT count(*) FROM quarantine.{name})" if address in parked else "NULL"
        parts.append(
            f"SELECT '{address}' AS table_name, count(*) AS row_count, {partitions} AS days, {bad} AS quarantined "
            f"FROM {address}"
        )
    return " UNION ALL ".join(parts)


def count_landed(con: DuckDBPyConnection, table: str, landed: list[str]) -> tuple[int, int]:
    """Rows of a table and of its quarantine that these raw objects brought."""
    own = "WHERE list_contains($landed, raw_object)"
    query = (
        f"SELECT (SELECT count(*) FROM {table} {own}), (SELECT count(*) FROM quarantine.{find_table(table).name} {own})"
    )
    ((rows, quarantined),) = con.execute(query, {"landed": landed}).fetchall()
    return rows, quarantined
