"""A publish that is repeated: a cleared task, or a run that died between commit and its last word.

Registering a file a second time would leave it to DuckLake as both live and replaced, and a clean-up would delete it.
So what was registered once is never registered again: it is either still what the lake shows, or out of date.
"""

from duckdb import DuckDBPyConnection

from watershed.errors import Unavailable


class Overtaken(Unavailable):
    """Another run published first, and what this one staged was computed from the state before."""


def find_publish(
    con: DuckDBPyConnection, run_id: str, subject: str, staged: dict[str, set[str]], objects: set[str]
) -> int | None:
    """The snapshot that made the run's files, `staged` by table, visible; None where none did. `objects`: those raw
    objects that they hold. Raises Overtaken when other files have taken their place since."""
    query = "SELECT max(snapshot_id) FROM ledger.publishes WHERE run_id = ? AND subject = ?"
    row = con.execute(query, [run_id, subject]).fetchone()
    if row is None or row[0] is None or not staged:
        return None
    if all(files <= list_files(con, address) for address, files in staged.items()):
        return int(row[0])
    if not was_registered(con, set[str]().union(*staged.values())):
        return None
    if is_latest(con, run_id, objects):  # compaction has merged them
        return int(row[0])
    raise Overtaken(f"{subject} was published again since run {run_id}: stage it anew")


def list_files(con: DuckDBPyConnection, address: str) -> set[str]:
    schema, _, name = address.partition(".")
    listed = con.execute(f"SELECT data_file FROM ducklake_list_files('lake', '{name}', schema => '{schema}')")
    return {row[0] for row in listed.fetchall()}


def was_registered(con: DuckDBPyConnection, files: set[str]) -> bool:
    """Whether the lake has known any of these files, which it then has replaced or merged."""
    query = """
        SELECT 1 FROM (
            SELECT path FROM __ducklake_metadata_lake.ducklake_data_file
            UNION ALL SELECT path FROM __ducklake_metadata_lake.ducklake_files_scheduled_for_deletion
        ) WHERE list_contains(?, split_part(path, '/', -1)) LIMIT 1
    """
    return con.execute(query, [[file.rpartition("/")[2] for file in files]]).fetchone() is not None


def is_latest(con: DuckDBPyConnection, run_id: str, objects: set[str]) -> bool:
    """Whether no other run has published any of these objects since."""
    query = """
        SELECT bool_and(run_id = ?) FROM (
            SELECT arg_max(run_id, snapshot_id) AS run_id FROM ledger.books
            WHERE list_contains(?, raw_object) GROUP BY raw_object
        )
    """
    row = con.execute(query, [run_id, list(objects)]).fetchone()
    return bool(row and row[0])
