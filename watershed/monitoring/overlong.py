"""Readers' sessions that stand in the way: PostgreSQL lets each of them turn its own time limit off."""

from collections.abc import Iterator
from typing import Any

import psycopg

LONGEST_S = 90  # a statement at the catalogue, which only looks names up; a role's own limit is 60 s
# Who only reads holds nobody up, unless a transaction of theirs stays open while a table of the catalogue changes.
IN_THE_WAY = """
    SELECT pg_terminate_backend(pid), usename, round(extract(epoch FROM now() - xact_start)) FROM pg_stat_activity AS a
    WHERE usesysid IN (SELECT member FROM pg_auth_members JOIN pg_roles AS r ON r.oid = roleid
                       WHERE rolname = 'readers')
        AND ((state = 'active' AND now() - query_start > make_interval(secs => %s))
            OR EXISTS (SELECT FROM pg_stat_activity AS b WHERE now() - b.query_start > make_interval(secs => %s)
                AND b.wait_event_type = 'Lock' AND a.pid = ANY (pg_blocking_pids(b.pid))))
"""
PATIENCE_S = 10


def end_overlong(
    session: "psycopg.Connection[Any]", longest_s: float = LONGEST_S, patience_s: float = PATIENCE_S
) -> Iterator[str]:
    """End them, and say of each whose it was. Where no role is in the group `readers` nothing is ended."""
    for _, user, seconds in session.execute(IN_THE_WAY, [longest_s, patience_s]).fetchall():
        yield f"ended a session of {user} at the catalogue: it had asked for {seconds} s, or kept others from writing"
