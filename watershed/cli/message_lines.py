"""Lines of a file as messages of a stream."""

import hashlib
import json
import sys
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from watershed.declarations.nearby import explain_missing_file
from watershed.declarations.table import Stream
from watershed.errors import InvalidInput
from watershed.synthetic.messages import Message


def read_file(stream: Stream, file: str) -> Iterator[Message]:
    """A message a line of a file, or of standard input if it is `-`.

    Lines of logs have no ids, so each gets one of the file's content and its line number: when the same file is sent
    again, each message is recognised, and equal lines of it are still two events. Raises InvalidInput for a file that
    cannot be read.
    """
    if file == "-":
        yield from make_messages(stream, sys.stdin.buffer, uuid.uuid4().hex[:16])
        return
    try:
        with Path(file).open("rb") as lines:
            digest = hashlib.file_digest(lines, "sha256").hexdigest()[:16]
            lines.seek(0)
            yield from make_messages(stream, lines, digest)
    except OSError as error:
        is_missing = isinstance(error, FileNotFoundError)
        why = explain_missing_file(Path(file)) if is_missing else error.strerror
        raise InvalidInput(f"{file} cannot be read: {why}") from error


def make_messages(stream: Stream, lines: Iterable[bytes], run: str) -> Iterator[Message]:
    """JSON has its ids inside."""
    for number, line in enumerate(lines, 1):
        value = line.rstrip(b"\r\n")
        if stream.like is None:
            yield Message(value, find_id(value))
        else:
            yield Message(value, find_user(value), f"{run}-{number}")


def find_id(value: bytes) -> bytes | None:
    """The `id` of a JSON object, as a message's key; None where there is none."""
    try:
        found = json.loads(value)["id"]
    except (ValueError, LookupError, TypeError):
        return None
    return str(found).encode()


def find_user(value: bytes) -> bytes | None:
    """What is between the first two commas of a log line."""
    fields = value.split(b",", 2)
    return fields[1].strip() if len(fields) == 3 else None
