"""What must hold after any fault: all acknowledged events once, nothing else, and books that say so."""

from collections.abc import Iterable
from contextlib import closing

import pyarrow as pa
from duckdb import DuckDBPyConnection

from tests.faults.flow import POISON_EVERY, Flow
from watershed.declarations.table import Stream
from watershed.settings import topic_name
from watershed.warehouse.connection import connect


def assert_exactly_once(stream: Stream, flows: Iterable[Flow]) -> None:
    """The table holds what these flows sent, and everything balances. Nothing else was ever sent to the topic."""
    with closing(connect()) as con:
        note_sent(con, flows)
        assert_events(con)
        assert_poison(con, topic_name(stream.topic))
        assert_books(con, stream)
        assert_offsets(con, topic_name(stream.topic))


def note_sent(con: DuckDBPyConnection, flows: Iterable[Flow]) -> None:
    """Temporary tables of the good and the poisonous messages, with what the broker said."""
    con.execute("CREATE OR REPLACE TEMP TABLE messages (event_id VARCHAR, is_poison BOOLEAN, is_acknowledged BOOLEAN)")
    for flow in flows:
        con.register("unacknowledged", pa.table({"number": pa.array(sorted(flow.unacknowledged), pa.int64())}))
        con.execute(
            """INSERT INTO temp.messages
               SELECT $name || '-' || lpad(range::VARCHAR, 8, '0'), range % $every = $every - 1,
                      range NOT IN (SELECT number FROM unacknowledged)
               FROM range($count)""",
            {"name": flow.name, "every": POISON_EVERY, "count": flow.count},
        )
        con.unregister("unacknowledged")
    con.execute("CREATE OR REPLACE TEMP VIEW sent AS FROM temp.messages WHERE NOT is_poison")
    con.execute("CREATE OR REPLACE TEMP VIEW poison AS FROM temp.messages WHERE is_poison")


def assert_events(con: DuckDBPyConnection) -> None:
    missing = "SELECT event_id FROM sent ANTI JOIN lake.core.photo_events USING (event_id) WHERE is_acknowledged"
    assert fetch(con, missing) == []
    assert fetch(con, "SELECT event_id, count(*) FROM core.photo_events GROUP BY ALL HAVING count(*) > 1") == []
    assert fetch(con, "SELECT event_id FROM core.photo_events ANTI JOIN sent USING (event_id)") == []


def assert_poison(con: DuckDBPyConnection, topic: str) -> None:
    """All of it is in quarantine, and can be found again in the topic; a copy may be there too, at another offset."""
    con.execute(
        r"""CREATE OR REPLACE TEMP TABLE parked AS
            SELECT *, regexp_extract(row_json, '[a-z0-9]+-[0-9]{8}') AS event_id FROM lake.quarantine.photo_events"""
    )
    missing = "SELECT event_id FROM poison WHERE is_acknowledged AND event_id NOT IN (SELECT event_id FROM temp.parked)"
    assert fetch(con, missing) == []
    strange = "SELECT event_id FROM temp.parked WHERE event_id NOT IN (SELECT event_id FROM poison)"
    assert fetch(con, strange) == []
    lost = f"SELECT * FROM temp.parked WHERE topic IS DISTINCT FROM '{topic}' OR partition IS NULL"
    assert fetch(con, f"{lost} OR message_offset IS NULL OR rule IS NULL OR reason IS NULL") == []
    places = "SELECT partition, message_offset FROM temp.parked GROUP BY ALL HAVING count(*) > 1"
    assert fetch(con, places) == []


def assert_books(con: DuckDBPyConnection, stream: Stream) -> None:
    wrong = """SELECT * FROM ledger.books
               WHERE rows_read <> rows_written + rows_quarantined + rows_deduplicated + rows_filtered"""
    assert fetch(con, wrong) == []
    totals = """SELECT sum(rows_written)::BIGINT, sum(rows_quarantined)::BIGINT, sum(rows_filtered)::BIGINT
                FROM ledger.books WHERE source = ?"""
    counts = "SELECT (SELECT count(*) FROM core.photo_events), (SELECT count(*) FROM quarantine.photo_events), 0"
    assert con.execute(totals, [stream.name]).fetchall() == fetch(con, counts)
    by_object = """SELECT raw_object, sum(rows) FROM (
                       SELECT raw_object, -rows_written AS rows FROM ledger.books
                       UNION ALL SELECT raw_object, 1 FROM core.photo_events
                   ) GROUP BY raw_object HAVING sum(rows) <> 0"""
    assert fetch(con, by_object) == []


def assert_offsets(con: DuckDBPyConnection, topic: str) -> None:
    """Each range starts where the one before ended, and its messages are in the books of its raw object."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE ranges AS SELECT * FROM lake.ledger.offsets WHERE topic = '{topic}'")
    gaps = """SELECT * FROM temp.ranges
              QUALIFY first_offset <> lag(next_offset, 1, 0) OVER (PARTITION BY partition ORDER BY first_offset)"""
    assert fetch(con, gaps) == []
    lost = "SELECT * FROM temp.ranges WHERE message_count > next_offset - first_offset OR lost_count > 0"
    assert fetch(con, lost) == []
    unread = """SELECT raw_object, sum(rows) FROM (
                    SELECT raw_object, message_count AS rows FROM temp.ranges
                    UNION ALL SELECT raw_object, -rows_read FROM ledger.books
                ) GROUP BY raw_object HAVING sum(rows) <> 0"""
    assert fetch(con, unread) == []


def fetch(con: DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    """At most a few rows: enough to see what is wrong."""
    return con.execute(f"SELECT * FROM ({query}) LIMIT 5").fetchall()
