"""Messages as raw objects, and raw objects as records.

A batch of messages becomes one Parquet object that holds them as they came. Records are made of it: the value as text,
of Avro and Protobuf values as JSON. A value that cannot be read is a bad record; a raw object never is.
"""

import io
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from watershed.declarations import find_stream
from watershed.declarations.table import Stream
from watershed.lake.store import RawObject, Store
from watershed.settings import topic_name
from watershed.sources.json.messages import are_json, find_suspects, settle_message
from watershed.sources.topics.encoded_values import Undecodable, decode_value
from watershed.sources.topics.raw_messages import RAW_SCHEMA, UTC_MICROS
from watershed.sources.topics.topic import Range

SLICE_BYTES = 96 << 20
SLICE_OBJECTS = 100
SHOWN_BYTES = 500  # of a bad value
EVENT_ID_HEADER = "event-id"

SCHEMA = pa.schema(
    [
        ("raw_object", pa.dictionary(pa.int8(), pa.string())),
        ("raw_line", pa.int64()),  # place in the raw object, counted from 1
        ("line", pa.string()),  # the value as text; of Avro and Protobuf values, their JSON
        ("day", pa.date32()),
        ("problem", pa.string()),
        ("event_id", pa.string()),  # the header `event-id`, else topic, partition and offset
        ("partition", pa.int32()),
        ("message_offset", pa.int64()),
        ("sent_at", UTC_MICROS),
        ("received_at", UTC_MICROS),
    ]
)


def land_messages(store: Store, stream: Stream, table: pa.Table, ranges: Iterable[Range]) -> RawObject:
    """Write a batch as a raw object, named by its ranges."""
    content = io.BytesIO()
    pq.write_table(table, content, compression="zstd")
    spans = " ".join(f"{r.partition}:{r.first_offset}-{r.next_offset}" for r in ranges)
    return store.put_once(stream.name, content, f"{topic_name(stream.topic)} {spans}")


def read(store: Store, keys: Sequence[str], refused: dict[str, str]) -> Iterator[pa.Table]:
    """Records (SCHEMA) of the messages in raw objects, in slices of about SLICE_BYTES. None is ever `refused`."""
    batches: list[pa.Table] = []
    for key in keys:
        batches.append(build_records(find_stream(key.split("/")[1]), key, read_messages(store, key)))
        if len(batches) >= SLICE_OBJECTS or sum(batch.nbytes for batch in batches) >= SLICE_BYTES:
            yield pa.concat_tables(batches)
            batches = []
    if batches:
        yield pa.concat_tables(batches)


def read_messages(store: Store, key: str) -> pa.Table:
    with store.open(key) as content:
        return pq.read_table(pa.BufferReader(content.read())).cast(RAW_SCHEMA)


def build_records(stream: Stream, key: str, messages: pa.Table) -> pa.Table:
    count = messages.num_rows
    line, problem = read_values(stream, messages.column("value").combine_chunks())
    columns = [
        pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int8)), pa.array([key])),
        pa.array(np.arange(1, count + 1)),
        line,
        pa.nulls(count, pa.date32()),
        problem,
        find_event_ids(messages),
        *(messages.column(name) for name in ("partition", "offset", "sent_at", "received_at")),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def read_values(stream: Stream, values: pa.BinaryArray) -> tuple[pa.StringArray, pa.StringArray]:
    """The texts and what is wrong with those that are none. One look at all of them; one each only where that fails."""
    if is_plain(stream, values):
        texts, problems = values.cast(pa.string()), pa.nulls(len(values), pa.string())
    else:
        texts, problems = build_texts([read_value(stream, value) for value in values.to_pylist()])
    return settle_texts(texts, problems) if are_json(stream) else (texts, problems)


def build_texts(read: Sequence[tuple[str, str | None]]) -> tuple[pa.StringArray, pa.StringArray]:
    return pa.array([text for text, _ in read], pa.string()), pa.array([why for _, why in read], pa.string())


def settle_texts(texts: pa.StringArray, problems: pa.StringArray) -> tuple[pa.StringArray, pa.StringArray]:
    """The texts, those of JSON as every reader reads them, with the problems of those that are no JSON after all."""
    places = np.flatnonzero(problems.is_null())
    values = texts.cast(pa.binary()).take(pa.array(places)).to_pylist()
    suspects = find_suspects(values)
    if not suspects:
        return texts, problems
    is_settled = np.zeros(len(texts), bool)
    is_settled[places[suspects]] = True
    settled = build_texts([settle_message(values[number]) for number in suspects])
    was = zip((texts, problems), settled, strict=True)
    return tuple(pc.replace_with_mask(before, pa.array(is_settled), after) for before, after in was)


def is_plain(stream: Stream, values: pa.BinaryArray) -> bool:
    if not len(values) or values.null_count or pc.max(pc.binary_length(values)).as_py() > stream.message_bytes:
        return False
    if b"\0" in values.buffers()[2].to_pybytes():
        return False
    try:
        values.cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return True


def read_value(stream: Stream, value: bytes | None) -> tuple[str, str | None]:
    if value is None:
        return "", "the message has no value"
    if len(value) > stream.message_bytes:
        return show(value), f"the message has {len(value):,} bytes, more than {stream.message_bytes:,}"
    try:
        text = decode_value(stream, value) if stream.schemas and value[:1] == b"\0" else value.decode()
    except Undecodable as error:
        return show(value), str(error)
    except UnicodeDecodeError as error:
        return show(value), f"invalid UTF-8 at byte {error.start + 1}"
    if "\0" in text:
        return show(value), f"the message has a NUL byte at {text.index(chr(0)) + 1}"
    return text, None


def show(value: bytes) -> str:
    text = value[:SHOWN_BYTES].decode("utf-8", "backslashreplace").replace("\0", "\\x00")
    return text + ("…" if len(value) > SHOWN_BYTES else "")


def find_event_ids(messages: pa.Table) -> pa.Array:
    """The text of the first header `event-id` of each message; where there is none, its place in the topic."""
    headers = messages.column("headers").combine_chunks()
    names, texts = headers.flatten().field("name"), headers.flatten().field("value")
    is_id = pc.and_(pc.fill_null(pc.equal(names, EVENT_ID_HEADER), False), pc.is_valid(texts))
    parents, first = np.unique(pc.filter(pc.list_parent_indices(headers), is_id).to_numpy(), return_index=True)
    places = (pc.cast(messages.column(name), pa.string()) for name in ("partition", "offset"))
    ids = pc.binary_join_element_wise(messages.column("topic"), *places, "/").combine_chunks()
    if not len(parents):
        return ids
    told_texts = pc.filter(texts, is_id).take(pa.array(first)).to_pylist()
    told = pa.array([format_id(text) for text in told_texts], pa.string())
    is_told = np.zeros(len(ids), bool)
    is_told[parents] = True
    return pc.replace_with_mask(ids, pa.array(is_told), told)


def format_id(text: bytes) -> str:
    return text.decode("utf-8", "backslashreplace").replace("\0", "")
