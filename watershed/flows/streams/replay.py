"""Replay: messages in quarantine are tried again after a fix, those only.

They become a raw object of their own, which passes the same steps as any batch. In the transaction that publishes it
the rows of the first try leave the quarantine, so that a message is in one place at any time. It keeps its partition,
offset and headers, and with them its event id; it counts as received now.
"""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
from duckdb import DuckDBPyConnection

from watershed.declarations import tables_of
from watershed.declarations.counting import count_nouns
from watershed.declarations.table import Stream
from watershed.flows.begun import Run
from watershed.flows.landed import Landed, ParkedMessages, Settled, write_landed
from watershed.lake.store import Store, side_key
from watershed.settings import topic_name
from watershed.sources.kafka import read_messages
from watershed.sources.topics.raw_messages import RAW_SCHEMA
from watershed.warehouse.connection import connect, quote

MOST_MESSAGES = 200_000


def take_parked(
    run: Run, where: str = "true", limit: int = MOST_MESSAGES, only: str | None = None
) -> dict[str, int]:
    """Land the messages of a stream that are in quarantine, in any or `only` in that of one table, and for whose rows
    there the SQL condition holds.

    Leaves `land.json`; returns the number of objects and messages.
    """
    stream, store = run.stream, run.store
    with closing(connect()) as con:
        parked = find_parked(con, stream, where, limit, only)
    landed = Landed(stream, Settled([]), layer=stream.layer)
    if parked.num_rows:
        parked_key = side_key(run.id, "parked")
        write_parquet(store, parked_key, parked)
        tables = parked.column("table_name").unique().to_pylist()
        taken = Settled([land_again(stream, parked, store)])
        landed = replace(landed, settled=taken, parked=ParkedMessages(store.address(parked_key), tables))
    write_landed(run, landed)
    return {"objects": len(landed.objects), "messages": parked.num_rows}


def find_parked(con: DuckDBPyConnection, stream: Stream, where: str, limit: int, only: str | None = None) -> pa.Table:
    """Table name, raw object and line of the rows, oldest first."""
    parts = [
        f"SELECT {quote(table.name)} AS table_name, raw_object, raw_line, partition, message_offset "
        f"FROM quarantine.{table.name} WHERE topic = {quote(topic_name(stream.topic))} AND ({where})"
        for table in tables_of(stream)
        if only in (None, table.name)
    ]
    ordered = f"({' UNION ALL '.join(parts)}) ORDER BY partition, message_offset LIMIT {limit}"
    return con.execute(f"SELECT table_name, raw_object, raw_line FROM {ordered}").to_arrow_table()


def land_again(stream: Stream, parked: pa.Table, store: Store) -> str:
    """Write the messages as one raw object, read from those they first came in. Returns its key."""
    lines: dict[str, list[int]] = {}
    for row in parked.select(["raw_object", "raw_line"]).to_pylist():
        lines.setdefault(row["raw_object"], []).append(row["raw_line"] - 1)
    messages = pa.concat_tables(read_messages(store, key).take(sorted(set(own))) for key, own in sorted(lines.items()))
    now = pa.repeat(pa.scalar(datetime.now(UTC).replace(tzinfo=None), pa.timestamp("us")), messages.num_rows)
    again = messages.set_column(RAW_SCHEMA.get_field_index("received_at"), RAW_SCHEMA.field("received_at"), now)
    content = BytesIO()
    pq.write_table(again, content, compression="zstd")
    return store.put_once(stream.name, content, f"{count_nouns(messages.num_rows, 'message')} replayed").key


def write_parquet(store: Store, key: str, table: pa.Table) -> None:
    content = BytesIO()
    pq.write_table(table, content)
    store.write_bytes(key, content.getvalue())


def parked_sql(parked: ParkedMessages, table: str) -> str:
    """A condition for the rows of a quarantine table that a replay takes out of it."""
    rows = f"SELECT (raw_object, raw_line) FROM read_parquet({quote(parked.file)}) WHERE table_name = {quote(table)}"
    return f"(raw_object, raw_line) IN ({rows})"


def taken_sql(parked: ParkedMessages) -> str:
    """A query that finds a row when another replay has taken some of them."""
    counts = (f"(SELECT count(*) FROM quarantine.{t} WHERE {parked_sql(parked, t)})" for t in parked.tables)
    left = " + ".join(counts)
    return f"SELECT 1 WHERE {left} < (SELECT count(*) FROM read_parquet({quote(parked.file)}))"
