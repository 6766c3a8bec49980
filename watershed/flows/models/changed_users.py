"""Whose recommendations are out of date: with the same champion, users whose history changed; else everybody.

What changed is read from the lake's change feed, whose cost is that of the changed files. A replaced raw object is its
old rows deleted and its new ones inserted: users for whom both are the same are not concerned. Compaction changes
nothing, and the feed knows that.
"""

from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

from duckdb import DuckDBPyConnection

from contracts.recommendations import TABLE
from models.recommender.features import hash_features
from watershed.errors import InvalidInput
from watershed.lake.store import open_store, side_key, step_key
from watershed.models.registry import Version, find_champion
from watershed.warehouse.connection import connect, quote
from watershed.warehouse.ledger.history import fetch_column
from watershed.warehouse.publish import read_snapshot, transact
from watershed.warehouse.schema.copying import find_beginning

NO_CHAMPION = "there is no champion yet: train_recommender promotes one"
NO_CHANGE = "no user's history changed since the last predictions, and the champion is the same"

LAST = f"""
    SELECT snapshot_id, input_snapshot_id, (SELECT max(model_version) FROM {TABLE.address})
    FROM ledger.inputs WHERE table_name = '{TABLE.address}' ORDER BY snapshot_id DESC LIMIT 1
"""
KNOWN = "SELECT snapshot_id FROM __ducklake_metadata_lake.ducklake_snapshot WHERE snapshot_id IN (?, ?)"

# All of a row that decides features, by table: the users whose deleted and inserted rows are not the same ones changed.
DIGESTS = {"ratings": "hash(film_id, rated_at)", "watch_minutes": "hash(film_id, minute, watched_at)"}


@dataclass(frozen=True)
class Last:
    """What is published: by which snapshot, from which, by which version of the model (None where nobody has any)."""

    published: int
    data_snapshot: int
    model_version: int | None


def choose_users(run_id: str, is_forced: bool = False) -> dict[str, Any]:
    """Decide for whom this run predicts, with which model, from which version of the lake. Leaves `choose_users.json`
    and, unless it is for everybody, `users.parquet`.

    Returns the choice; with `users` 0 there is nothing to do, and `why` says so. Raises InvalidInput when the champion
    was trained on other features than this code reads.
    """
    store = open_store()
    file = store.address(side_key(run_id, "users"))
    with closing(connect()) as con, transact(con):  # one transaction: champion, last run and changes as of one snapshot
        if (champion := find_champion(con)) is None:
            return {"users": 0, "why": NO_CHAMPION}
        require_features(champion)
        snapshot, last = read_snapshot(con), find_last(con)
        reason = "everybody was asked for" if is_forced else explain_everybody(con, champion, last)
        first = None if reason or last is None else find_first(con, last.data_snapshot)
        users = None if first is None else write_changed(con, first, snapshot, file)
    if users == 0:
        return {"users": 0, "why": NO_CHANGE}
    choice = {
        "users": users,
        "why": reason or "their history changed",
        "file": None if users is None else file,
        "snapshot": snapshot,
        "model_version": champion.model_version,
        "is_forced": is_forced,
        "last": asdict(last) if last else None,
    }
    store.write_json(step_key(run_id, "choose_users"), choice)
    return choice


def require_features(champion: Version) -> None:
    if champion.features_sha256 != hash_features():
        raise InvalidInput(
            f"version {champion.model_version} of the recommender was trained on other features than "
            "models/recommender/features.sql now makes: train again with `watershed run train_recommender`"
        )


def find_last(con: DuckDBPyConnection) -> Last | None:
    row = con.execute(LAST).fetchone()
    return Last(*row) if row else None


def explain_everybody(con: DuckDBPyConnection, champion: Version, last: Last | None) -> str | None:
    """Why all users are due; None when those whose history changed are enough."""
    if last is None:
        return "nothing has been predicted before"
    if last.model_version != champion.model_version:
        return f"version {champion.model_version} is a new champion"
    if find_first(con, last.data_snapshot) is None:
        what = "has expired, or a table was made anew since"
        return f"snapshot {last.data_snapshot}, which the last predictions were made from, {what}"
    return None


def find_first(con: DuckDBPyConnection, last: int) -> int | None:
    """The first snapshot whose changes count: the one after `last`, or `last` again where that one has expired.

    None where `last` itself has: what was deleted since may be gone; and where a table was made anew since.
    """
    if any(find_beginning(con, f"core.{table}") > last for table in DIGESTS):
        return None
    kept = fetch_column(con, KNOWN, [last, last + 1])
    if last not in kept:
        return None
    return last + 1 if last + 1 in kept or last == read_snapshot(con) else last


def write_changed(con: DuckDBPyConnection, first: int, snapshot: int, file: str) -> int:
    """Write the ids of users whose history changed in these snapshots, both included. Returns how many."""
    if first > snapshot:
        return 0
    written = con.execute(f"COPY ({changed_sql(first, snapshot)}) TO {quote(file)} (FORMAT parquet)").fetchone()
    return int(written[0]) if written else 0


def changed_sql(first: int, snapshot: int) -> str:
    """A query for those users: the feed's rows add up to nothing where the same ones went and came."""
    changes = " UNION ALL ".join(
        f"SELECT user_id, change_type IN ('insert', 'update_postimage') AS came, {digest}::HUGEINT AS digest "
        f"FROM ducklake_table_changes('lake', 'core', '{table}', {first}, {snapshot})"
        for table, digest in DIGESTS.items()
    )
    return f"""
        SELECT user_id FROM ({changes}) GROUP BY user_id
        HAVING sum(CASE WHEN came THEN digest ELSE -digest END) <> 0 ORDER BY user_id
    """
