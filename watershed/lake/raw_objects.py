"""A raw object as its producer described it: bytes that never change, and what S3 metadata says of them.

Words used here:
*content*: what is inside an object; of a gzip file, what it unpacks to.
*head*: the first HEAD_BYTES of a content, by which a log is told from others without reading it.
*origin*: who produced the object, such as `web-2`, where its producer said so. The same bytes of two origins are two
objects.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from watershed.errors import InvalidInput

HEAD_BYTES = 1024
ORIGIN_LENGTH = 100
METADATA_BYTES = 1900  # of the two kilobytes that S3 takes
DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Content:
    """What is inside an object: bytes, SHA-256 of all of it and of its head."""

    bytes: int
    sha256: str
    head: str


@dataclass(frozen=True)
class RawObject:
    """An immutable object under `raw/`. `bytes` is its size as it lies there, compressed or not.

    `content` is None where nobody has measured it yet, or where it cannot be read. `is_separate`: its producer says
    that it neither continues another object nor is continued by one. `continues`: keys of objects with which its
    content begins, as found at landing.
    """

    key: str
    name: str
    bytes: int
    sha256: str
    arrived_at: datetime
    day: date | None = None
    is_new: bool = False
    origin: str | None = None
    content: Content | None = None
    is_separate: bool = False
    continues: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        return self.key.split("/")[1]


@dataclass(frozen=True)
class Landing:
    """What a producer says of bytes that it hands over, and what was measured of them."""

    name: str
    sha256: str
    day: date | None = None
    origin: str | None = None
    content: Content | None = None
    is_separate: bool = False
    continues: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """What names the object: its bytes, with the day where they do not say theirs, and with the origin."""
        said = [str(part) for part in (self.origin and f"origin {self.origin}", self.day) if part]
        return hashlib.sha256(" ".join([*said, self.sha256]).encode()).hexdigest() if said else self.sha256

    @property
    def metadata(self) -> dict[str, str]:
        """As S3 keeps it, which is ASCII."""
        about = {"name": escape(self.name), "sha256": self.sha256}
        about |= {"day": self.day.isoformat()} if self.day else {}
        about |= {"origin": escape(self.origin)} if self.origin else {}
        about |= {"separate": "yes"} if self.is_separate else {}
        if self.content:
            own = self.content
            about |= {"content-bytes": str(own.bytes), "content-sha256": own.sha256, "head-sha256": own.head}
        told = about | ({"continues": " ".join(self.continues)} if self.continues else {})
        is_short = sum(len(name) + len(value) for name, value in told.items()) <= METADATA_BYTES
        return told if is_short else about  # what it continues is found again by the run


def describe_object(key: str, answer: Mapping[str, Any]) -> RawObject:
    """A raw object from S3's answer to HEAD, whoever put it there: words of ours may say something else to others."""
    about = answer["Metadata"]
    return RawObject(
        key=key,
        name=unescape(about.get("name", "")) or key.rpartition("/")[2],
        bytes=answer["ContentLength"],
        sha256=about.get("sha256", ""),
        arrived_at=answer["LastModified"].replace(tzinfo=None),
        day=read_day(about.get("day", "")),
        origin=unescape(about.get("origin", "")) or None,
        content=read_content(about),
        is_separate="separate" in about,
        continues=tuple(about.get("continues", "").split()),
    )


def read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read_content(about: Mapping[str, str]) -> Content | None:
    """What was measured of an object's content, if all of it is said."""
    size, *digests = (about.get(name, "") for name in ("content-bytes", "content-sha256", "head-sha256"))
    is_measured = size.isdecimal() and all(map(DIGEST.fullmatch, digests))
    return Content(int(size), *digests) if is_measured else None


def verify_origin(origin: str) -> str:
    """The name of an origin as it is kept. Raises InvalidInput for one that cannot be a name."""
    name = " ".join(origin.split())
    if not name or len(name) > ORIGIN_LENGTH or not name.isprintable():
        raise InvalidInput(f"{origin!r} is not a name of an origin: it has 1 to {ORIGIN_LENGTH} letters, such as web-2")
    return name


def escape(name: str) -> str:
    """S3 metadata is ASCII; file names are not."""
    return json.dumps(name)[1:-1]


def unescape(text: str) -> str:
    """The other way round; what a producer wrote by itself may be no escape at all, and stays as it is."""
    try:
        found = str(json.loads(f'"{text}"'))
    except ValueError:
        found = text
    return found.encode(errors="replace").decode().replace("\0", "?")  # no table holds these
