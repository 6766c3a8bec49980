"""Files that somebody hands over: what can be landed, and of which day its lines are."""

from datetime import date
from importlib import import_module
from pathlib import Path

from watershed.declarations import find_source
from watershed.declarations.table import Source, Stream
from watershed.errors import InvalidInput


def find_file_source(name: str) -> Source:
    """A source whose objects are files. Raises InvalidInput for another one, NotFound for an unknown one."""
    source = find_source(name)
    if source.kind == "oltp":
        raise InvalidInput(f"{source.name} is a database, not files: `watershed run ingest_{source.name}` extracts it")
    if isinstance(source, Stream):
        raise InvalidInput(f"{source.name} is a topic, not files: `watershed produce {source.name}` sends messages")
    return source


def verify_file(path: Path) -> None:
    """Raises InvalidInput for what has no bytes to hand over, or would never end. A file that is not there is told by
    whoever opens it."""
    if path.is_dir():
        raise InvalidInput(f"{path} is a directory: name the files in it")
    if path.exists() and not path.is_file():
        raise InvalidInput(
            f"{path} is a pipe, a socket or a device: write what comes out of it to a file, and land that"
        )


def date_lines(source: Source, path: Path, head: bytes, day: date | None) -> date | None:
    """The day of lines that carry a time of day only; None for others. Raises InvalidInput when nobody names it."""
    reader = import_module(f"watershed.sources.{source.kind}")
    if not getattr(reader, "needs_day", lambda head: False)(head):
        return None
    dated: date | None = getattr(reader, "find_day", lambda name: None)(path.name)
    if day is None and dated is None:
        raise InvalidInput(
            f"{path}: its lines carry a time of day only; name the day with --date, or in the file's name (2026-11-01)"
        )
    return day or dated
