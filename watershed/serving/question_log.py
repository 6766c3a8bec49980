"""Who asked what: a line of JSON a question, in `logs/questions.jsonl` of WATERSHED_HOME, private.

Of the SQL page (`by` is "page") and of `watershed serve`. It holds the text of queries: keep it as you keep the lake.
"""

import json
import mmap
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from watershed.settings import find_home

Asked = dict[str, Any]


def question_log() -> Path:
    return find_home() / "logs" / "questions.jsonl"


def write_question(asked: Asked, log: Path | None = None) -> None:
    """Append a line: `at` is added. Raises OSError."""
    path = log or question_log()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = {"at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"} | asked
    with open(path, "a", opener=open_private, encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")  # one write: several processes append


def open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def read_questions(who: str | None, most: int, log: Path | None = None) -> list[Asked]:
    """The latest first: those of a person, asked on the page; of everybody, in every way, where `who` is None."""
    path = log or question_log()
    if not path.is_file() or not path.stat().st_size:
        return []
    found: list[Asked] = []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        for line in read_backwards(text, b"" if who is None else f'"who": {json.dumps(who)}'.encode()):
            try:
                asked = json.loads(line)
            except ValueError:  # a disk that was full
                continue
            if who is None or (asked.get("who"), asked.get("by")) == (who, "page"):
                found.append(asked)
            if len(found) == most:
                break
    return found


def read_backwards(text: mmap.mmap, wanted: bytes) -> Iterator[bytes]:
    """Lines with `wanted` in them, the last one first. In a text of JSON the quotes of `wanted` would be escaped."""
    end = len(text)
    while end > 0:
        place = text.rfind(wanted, 0, end) if wanted else end - 1
        if place < 0:
            return
        first = text.rfind(b"\n", 0, place) + 1
        last = text.find(b"\n", place)
        yield text[first : len(text) if last < 0 else last]
        end = first
