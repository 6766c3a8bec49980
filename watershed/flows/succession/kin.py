"""Kin: objects of one source that may be states of one log, as the ledger and their descriptions know them.

A head of HEAD_BYTES tells logs apart, since it has times in it. What is shorter, such as a header that every file
begins with, or a single line, says too little: then the file name must be the same too. An object of another origin,
or of another day where its lines do not say theirs, is not kin, nor is one that was landed as separate.
"""

from dataclasses import dataclass, replace

from duckdb import DuckDBPyConnection

from watershed.lake.raw_objects import HEAD_BYTES, Content, RawObject
from watershed.lake.store import Store
from watershed.sources.measure import HEAD_PACKED_BYTES, measure, read_head

# What is known of files that runs took. Of those of before the ledger kept objects: bytes and digest as they lie there,
# which are those of the content unless they are packed.
KNOWN = r"""
    WITH measured AS (
        SELECT raw_object, max(object_name) AS object_name, max(origin) AS origin,
               arg_max(content_bytes, snapshot_id) AS size,
               arg_max(content_sha256, snapshot_id) AS sha256, arg_max(head_sha256, snapshot_id) AS head,
               max(snapshot_id) AS snapshot_id,
               bool_or(superseded_by IS NOT NULL) AS is_superseded
        FROM ledger.objects WHERE source = $source GROUP BY raw_object
    ),
    books AS (
        SELECT raw_object, max(object_name) AS object_name, max(object_bytes) AS size, max(sha256) AS sha256,
               max(snapshot_id) AS snapshot_id, arg_max(rows_written + rows_quarantined, snapshot_id) AS rows,
               max(rows_written + rows_quarantined) AS most_rows
        FROM ledger.books WHERE source = $source GROUP BY raw_object, table_name
    ),
    published AS (
        SELECT raw_object, max(object_name) AS object_name, max(size) AS size, max(sha256) AS sha256,
               max(snapshot_id) AS snapshot_id, sum(rows) AS rows, sum(most_rows) AS most_rows
        FROM books GROUP BY raw_object
    ),
    known AS (
        SELECT raw_object, regexp_replace(coalesce(m.object_name, p.object_name), '\.gz$', '') AS name, m.origin,
               CASE WHEN m.raw_object IS NULL THEN p.size ELSE m.size END AS size,
               CASE WHEN m.raw_object IS NULL THEN p.sha256 ELSE m.sha256 END AS sha256,
               m.head, p.raw_object IS NOT NULL AS is_published, coalesce(m.is_superseded, false) AS is_superseded,
               coalesce(p.rows, 0) > 0 AS has_rows, coalesce(p.most_rows, 0) > 0 AS had_rows,
               m.raw_object IS NOT NULL AS is_measured,
               coalesce(m.snapshot_id, p.snapshot_id) AS snapshot_id
        FROM measured AS m FULL JOIN published AS p USING (raw_object)
    ),
    namesakes AS (
        SELECT raw_object FROM known
        WHERE list_contains($names, name)
            AND (NOT is_measured OR head IS NOT NULL AND (size < $short OR $any_short))
        QUALIFY row_number() OVER (PARTITION BY name ORDER BY snapshot_id DESC, raw_object) <= $most
    )
    SELECT * EXCLUDE (is_measured, snapshot_id) FROM known
    WHERE list_contains($heads, head) OR raw_object IN (FROM namesakes)
"""
MOST_NAMESAKES = 100  # the latest of a name that says more than the content does: all logs may be called access.log
SUPERSEDED = """
    SELECT raw_object, arg_max(superseded_by, snapshot_id) FROM ledger.objects
    WHERE source = ? AND superseded_by IS NOT NULL GROUP BY raw_object
"""
WITH_ROWS = """
    SELECT DISTINCT raw_object FROM (
        SELECT raw_object, arg_max(rows_written + rows_quarantined, snapshot_id) AS rows
        FROM ledger.books WHERE source = $source AND list_contains($objects, raw_object)
        GROUP BY raw_object, table_name
    ) WHERE rows > 0
"""


@dataclass(frozen=True)
class Kin:
    """One of them. `size` and `sha256` are the content's; None: not measured, and long. `head` None: of an object from
    before heads were kept. `has_rows`: in tables or quarantine, now; `had_rows`: ever."""

    key: str
    name: str
    origin: str | None
    size: int | None
    sha256: str | None
    head: str | None
    is_published: bool = False
    is_superseded: bool = False
    has_rows: bool = False
    had_rows: bool = False

    @property
    def is_short(self) -> bool:
        return self.size is not None and self.size < HEAD_BYTES

    def may_begin(self, other: "Kin") -> bool:
        """Whether the other one may begin with all of this, or have just the same content."""
        if self.key == other.key or self.origin != other.origin or self.size == 0:
            return False
        is_equal = self.size == other.size and self.head == other.head
        return is_equal or (self.name == other.name if self.is_short or not self.head else self.head == other.head)


def describe_kin(store: Store, about: RawObject) -> Kin:
    """A raw object as one of them; of one that was not measured at landing the head is read, or all where that is
    little. Of an unreadable one nothing is known."""
    content, head = about.content, None
    if content is None and about.bytes > HEAD_PACKED_BYTES:
        head = read_head(store.open(about.key))
    elif content is None:
        content = measure_object(store, about.key)
    kin = Kin(about.key, simplify_name(about.name), about.origin, None, None, head)
    return add_content(kin, content)


def measure_kin(store: Store, kin: Kin) -> Kin:
    """The same with size and digest, for which all of it may be read. An unreadable one stays as it was."""
    return kin if kin.size is not None else add_content(kin, measure_object(store, kin.key))


def measure_object(store: Store, key: str) -> Content | None:
    with store.open(key) as stream:
        return measure(stream).content


def add_content(kin: Kin, content: Content | None) -> Kin:
    return replace(kin, size=content.bytes, sha256=content.sha256, head=content.head) if content else kin


def find_kin(con: DuckDBPyConnection, source: str, newcomers: list[Kin]) -> list[Kin]:
    """What the ledger knows of objects that may be kin of any of these."""
    asked = {
        "source": source,
        "heads": [one.head for one in newcomers if one.head],
        "names": [one.name for one in newcomers],
        "short": HEAD_BYTES,
        "any_short": any(one.is_short for one in newcomers),
        "most": MOST_NAMESAKES,
    }
    return [Kin(*row) for row in con.execute(KNOWN, asked).fetchall()]


def list_superseded(
    con: DuckDBPyConnection, source: str, keys: set[str], successors: dict[str, str]
) -> dict[str, str]:
    """Superseded objects that have rows all the same, since a rollback brought them back, and whose last successor is
    one of these: key to its key. `successors`: all of the source's."""
    back = list_with_rows(con, source, list(successors))
    found = {key: follow_successors(successors, key) for key in back}
    return {key: last for key, last in found.items() if last in keys}


def list_successors(con: DuckDBPyConnection, source: str) -> dict[str, str]:
    """What took the place of each superseded object, key to key."""
    return dict(con.execute(SUPERSEDED, [source]).fetchall())


def list_with_rows(con: DuckDBPyConnection, source: str, keys: list[str]) -> set[str]:
    """Those of these objects that have rows in tables or quarantine."""
    asked = {"source": source, "objects": keys}
    return {key for (key,) in con.execute(WITH_ROWS, asked).fetchall()} if keys else set()


def follow_successors(successors: dict[str, str], key: str) -> str:
    """The last one of those that took the place of an object, one after the other; itself where none did. Of two equal
    ones each may have taken the place of the other, at different times."""
    seen = {key}
    while (following := successors.get(key)) is not None and following not in seen:
        key = following
        seen.add(key)
    return key


def simplify_name(name: str) -> str:
    """A log is the same log when it is packed."""
    return name.removesuffix(".gz")
