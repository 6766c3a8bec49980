"""Who reads which partition of a stream: leases among consumers, on any number of machines.

A lease is a PostgreSQL advisory lock in the catalogue's database: it ends with the session of its holder, however that
ends, so that the partitions of a dead consumer are free at once. Each consumer holds one more, shared lock that makes
it a member; from the number of members follows what a fair share is. Leases only keep consumers from doing the same
work: that nothing is read twice, the offsets in the publish transaction see to.
"""

from typing import Any, LiteralString, Self

import psycopg

from watershed.declarations.table import Stream
from watershed.settings import load_settings
from watershed.warehouse.publish import PATIENCE

MEMBERS = -1  # in the place of a partition
MOST_NAME = 63  # bytes that PostgreSQL keeps of a session's name; the end of a consumer's is what differs


class Leases:
    """The leases of one consumer, whose session has its name. Every method may raise psycopg.OperationalError: then all
    of them are lost."""

    def __init__(self, stream: Stream, consumer: str = "") -> None:
        self.name = lock_name(stream)
        self.held: set[int] = set()
        own: dict[str, Any] = {"autocommit": True, "application_name": session_name(consumer)} | PATIENCE
        self.session = psycopg.connect(load_settings().catalog_url, **own)
        self.call("pg_try_advisory_lock_shared", MEMBERS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def call(self, function: LiteralString, partition: int) -> bool:
        row = self.session.execute(f"SELECT {function}(hashtext(%s), %s)", (self.name, partition)).fetchone()
        return bool(row and row[0] is not False)

    def settle(self, partitions: list[int]) -> set[int]:
        """Take free partitions up to a fair share, give back what is more. Returns those held now."""
        share = self.find_share(len(partitions))
        for partition in sorted(self.held - set(sorted(self.held)[:share])):
            self.call("pg_advisory_unlock", partition)
            self.held.discard(partition)
        for partition in partitions:
            if len(self.held) >= share:
                break
            if partition not in self.held and self.call("pg_try_advisory_lock", partition):
                self.held.add(partition)
        return set(self.held)

    def find_share(self, partitions: int) -> int:
        """How many partitions are ours to hold: as many as everybody's, one more for the first ones of the members."""
        members = sorted(pid for place, pid in list_locks(self.session, self.name) if place == MEMBERS)
        rank = members.index(self.session.info.backend_pid)
        return partitions // len(members) + (rank < partitions % len(members))


def list_leased(stream: Stream) -> set[int]:
    """The partitions that some consumer holds."""
    with psycopg.connect(load_settings().catalog_url, autocommit=True, **PATIENCE) as session:
        return {place for place, _ in list_locks(session, lock_name(stream)) if place != MEMBERS}


def list_members(stream: Stream, session: psycopg.Connection[Any]) -> list[str]:
    """The sessions of the consumers that are alive, by name. `session` is one with the catalogue."""
    members = [pid for place, pid in list_locks(session, lock_name(stream)) if place == MEMBERS]
    query = "SELECT application_name FROM pg_stat_activity WHERE pid = ANY(%s)"
    return [row[0] for row in session.execute(query, (members,)).fetchall()]


def session_name(consumer: str) -> str:
    """What the session of a consumer is called."""
    return consumer.encode()[-MOST_NAME:].decode(errors="ignore")


def list_locks(session: psycopg.Connection[Any], name: str) -> list[tuple[int, int]]:
    """Partition, or MEMBERS, and process id of the session that holds its lock."""
    query = """
        SELECT objid::bigint::bit(32)::int, pid FROM pg_locks
        WHERE locktype = 'advisory' AND granted AND objsubid = 2
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND classid::bigint::bit(32)::int = hashtext(%s)
    """
    return session.execute(query, (name,)).fetchall()


def lock_name(stream: Stream) -> str:
    return f"watershed.stream {load_settings().lake_path} {stream.name}"
