"""What a table is.

Words used here:
*table*: a DuckLake table, declared once by a `Table`; Parquet schema, DDL, schema checks, documentation, masking and
synthetic data all derive from that declaration.
*source*: a stream of raw objects of one kind that an outside producer lands. A table may be fed by several.
*home table*: of a source that feeds several tables, the one that quarantines what no table of the source claims.
*stream*: a source whose records are the messages of a Kafka topic.
*layer*: where a stream's batches are published: straight in `core`, or in `speed` until a recomputation replaces them.
*replaces*: the unit that a publish replaces: a raw `object`, a `partition` (a day), or a `key`.
*made*: a table that no source feeds, but a model or a query does. It has no quarantine: its checks block, or pass.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import pyarrow as pa

from watershed.declarations.counting import count_nouns
from watershed.declarations.rhythm import Rhythm
from watershed.declarations.tags import verify_tags
from watershed.errors import InvalidInput

UTC_TIMESTAMP = pa.timestamp("us")  # naive by type, UTC by convention: every `_at` column
JSON_TEXT = pa.json_(pa.string())
TEXT_LIST = pa.list_(pa.string())

Kind = Literal["logs", "documents", "oltp", "kafka"]
Layer = Literal["core", "speed"]
Unit = Literal["object", "partition", "key"]


@dataclass(frozen=True)
class Column:
    """One column. `nullable` false means a null is a defect. What a `personal` one holds only roles that may
    (contracts/roles.py) are shown; others see a mask in its place.

    `source_name`: what the database calls it, where that is not its name, such as `UnitPrice` or `order`. `default`:
    its value in rows that are older than the column; None: they have none. `renamed_from`: names that it had before;
    the lake's column of such a name becomes this one. `tags`: words by which it is found (declarations/tags.py).
    """

    name: str
    type: pa.DataType
    description: str
    nullable: bool = False
    unit: str | None = None
    personal: bool = False
    source_name: str | None = None
    default: str | float | date | datetime | None = None
    renamed_from: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def origin_name(self) -> str:
        return self.source_name or self.name

    def find_origin(self, names: Collection[str]) -> str | None:
        """What the column is called among the names of an extraction, which may be older than its last renaming."""
        return next((name for name in (self.origin_name, *self.renamed_from) if name in names), None)


@dataclass(frozen=True)
class Origin:
    """Which table of a database a history is of, as the database spells its schema and name.

    `changed_at`: the column, by its name in the contract, that says when a record was last changed. None where there is
    no such column: a version then begins when it was seen.
    """

    schema: str
    table: str
    changed_at: str | None


@dataclass(frozen=True)
class Source:
    """Where raw objects come from: the name is the folder under `raw/`, the kind is the module under `sources/`.

    `rhythm`: how often its producer sends something, and on which days; None: nobody has promised that.

    `records`: of documents that are envelopes, where the records are: `items`, `data.items`, `pages[].items`; or
    `photos{id}` where the members of an object are the records, and their keys become the field `id`.
    """

    name: str
    kind: Kind
    description: str
    records: str | None = None
    rhythm: Rhythm | None = None


@dataclass(frozen=True)
class Schema:
    """How message values that start with a zero byte and this number (Confluent's framing) are written.

    `text` is an Avro schema as JSON, or the fields of a Protobuf message, `optional string title = 8;` a line, as in a
    .proto file. The last Avro schema of a stream is the newest, and what is written in an older one is read as it says.
    """

    id: int
    format: Literal["avro", "protobuf"]
    text: str


@dataclass(frozen=True, kw_only=True)
class Stream(Source):
    """A topic. Values are text, or bytes in one of the declared `schemas`, which reach transforms as JSON text.

    Text that is JSON is read as documents are: strictly, and of a key that is said twice the last value counts.
    `like`: the source whose transforms read the messages, each of which is one of its records. A longer value than
    `message_bytes` is a bad record. An event's id is the column `event_id`, where the transform makes one, else the
    message header `event-id`, else the message's place in the topic; one that is there already is looked for among
    published events of the same hour. Of an event that is older than `duplicates_within` when it arrives this may be
    too much work: then `ledger.checks` says so.
    """

    topic: str
    layer: Layer = "core"
    like: Source | None = None
    schemas: tuple[Schema, ...] = ()
    duplicates_within: timedelta = timedelta(days=7)
    message_bytes: int = 1 << 20


@dataclass(frozen=True)
class Budget:
    """How many bad rows of one raw object are tolerated: the larger of `rows` and `share` of the rows read.

    A file with bad rows and not one good one is refused whatever the budget.
    """

    share: float = 0.1
    rows: int = 1000

    def allows(self, bad: int, read: int) -> bool:
        return bad <= max(self.rows, self.share * read)

    def describe(self) -> str:
        """When an object is refused, in words: both bounds have to be exceeded."""
        return f"more than {count_nouns(self.rows, 'row')} and more than {100 * self.share:.4g}% of all are bad"


@dataclass(frozen=True)
class Table:
    """A declared table. `columns` lists what the transform makes; `all_columns` adds what publishing adds.

    `day` names the column that puts a row into a day, which is how downstream learns what changed; None: no day.
    `event_time`: the column that says when a stream's event happened, where that is another one. `examples`: queries
    that are worth starting from. `origin`: of a history, the database's table; None: the one that is named as this one,
    in whatever schema, whose `updated_at`, if there is one here, tells changes. `owner`: one of contracts/owners.py.
    """

    name: str
    description: str
    grain: str
    owner: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    sources: tuple[Source, ...]
    replaces: Unit
    day: str | None
    freshness: timedelta
    home_of: tuple[Source, ...] = ()
    budget: Budget = Budget()
    schema: str = "core"
    event_time: str | None = None
    examples: tuple[str, ...] = ()
    origin: Origin | None = None
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises InvalidInput for a column with the name of one that publishing adds, and for what is not a tag."""
        verify_tags((*self.tags, *(tag for column in self.columns for tag in column.tags)), f"contracts/{self.name}.py")
        added = {column.name for column in ADDED[self.replaces]}
        if taken := [column.name for column in self.columns if column.name in added]:
            raise InvalidInput(
                f"contracts/{self.name}.py declares {', '.join(taken)}, which the table gets anyway: name it "
                f'otherwise, and where a database calls it so, say source_name="{taken[0]}"'
            )

    @property
    def address(self) -> str:
        """`schema.name`, as analysts write it."""
        return f"{self.schema}.{self.name}"

    @property
    def all_columns(self) -> tuple[Column, ...]:
        names = [column.name for column in self.columns]
        return self.columns + (EVENT_ID,) * (self.is_streamed and EVENT_ID.name not in names) + ADDED[self.replaces]

    @property
    def is_made(self) -> bool:
        """Whether it is made of other tables, by a model for one, instead of a source's objects."""
        return not self.sources

    @property
    def is_streamed(self) -> bool:
        """Whether a stream feeds it, among others perhaps."""
        return any(isinstance(source, Stream) for source in self.sources)

    @property
    def is_live(self) -> bool:
        """Whether all its rows come in micro-batches, none of which says anything about a day as a whole."""
        return self.schema == "speed" or all(isinstance(source, Stream) for source in self.sources)

    @property
    def changed_at(self) -> str | None:
        """The column of a history that says when the source last changed a record, if one does."""
        if self.origin:
            return self.origin.changed_at
        return "updated_at" if any(column.name == "updated_at" for column in self.columns) else None

    @property
    def arrow_schema(self) -> pa.Schema:
        return pa.schema([pa.field(c.name, c.type, c.nullable) for c in self.all_columns])

    def personal_columns(self) -> Iterator[str]:
        return (c.name for c in self.all_columns if c.personal)


TRACE = (
    Column("raw_object", pa.string(), "Key of the raw object that the row came from"),
    Column("raw_line", pa.int64(), "Line (or element of a document array) in that object, counted from 1"),
)

EVENT_ID = Column("event_id", pa.string(), "The event's id where a stream brought the row; else null", nullable=True)

HISTORY = (
    Column("valid_from", UTC_TIMESTAMP, "Since when the row's values hold, as far as the source tells"),
    Column("valid_to", UTC_TIMESTAMP, "Until when they held, exclusive; null while they hold", nullable=True),
    Column("is_current", pa.bool_(), "Whether the row is the latest version of a record that still exists"),
    Column("is_deleted", pa.bool_(), "Whether this version ended because the record was deleted at the source"),
    *TRACE,
)

ADDED: dict[Unit, tuple[Column, ...]] = {"object": TRACE, "key": HISTORY, "partition": ()}
