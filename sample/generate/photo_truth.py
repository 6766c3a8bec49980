"""What photo events add up to, folded a second time in the plainest way: the warehouse's SQL is compared with it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Stamp = tuple[int, datetime, str, str]
Register = tuple[Stamp, Any]


@dataclass
class Photo:
    """All that was ever said about one photo. Of two things said of one register, that with the greater stamp holds."""

    registers: dict[str, Register] = field(default_factory=dict)
    is_added: bool = False
    is_deleted: bool = False

    def say(self, register: str, stamp: Stamp, value: Any) -> None:
        self.registers[register] = max(self.registers.get(register, (stamp, value)), (stamp, value), key=lambda r: r[0])

    def read(self) -> dict[str, Any]:
        said = {name: value for name, (_, value) in self.registers.items()}
        path, size = said.pop("file")
        return {"user": None, "camera": None, "title": None, **said, "path": path, "bytes": size}


def fold_events(events: Iterable[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """The photos that exist after these events, in whatever order they come and however often."""
    photos: dict[int, Photo] = {}
    for event in events:
        photo = photos.setdefault(event["id"], Photo())
        stamp = (event["version"], datetime.fromisoformat(event["at"]), event["leader"], event["event_id"])
        if event["event"] == "addPhoto":
            photo.is_added = True
            photo.say("user", stamp, event["user"])
        if event["event"] in ("addPhoto", "replacePhoto"):
            photo.say("file", stamp, (event["path"], event.get("bytes")))
        if event["event"] == "deletePhoto":
            photo.is_deleted = True
        for register in ("camera", "title"):
            if event.get(register) is not None:
                photo.say(register, stamp, event[register])
    return {key: photo.read() for key, photo in sorted(photos.items()) if photo.is_added and not photo.is_deleted}


def compare_photos(photos: dict[int, dict[str, Any]], rows: dict[int, dict[str, Any]]) -> dict[int, list[str]]:
    """By photo, what differs between the events' photos and rows of the accounts database, as the mart words it."""
    found = {key: ["only in events"] for key in photos.keys() - rows.keys()}
    found |= {key: ["only in accounts"] for key in rows.keys() - photos.keys()}
    for key in photos.keys() & rows.keys():
        photo, row = photos[key], rows[key]
        pairs = {
            "owner": (photo["user"], row["user_id"]),
            "path": (photo["path"], row["path"]),
            "file_bytes": (photo["bytes"], row["file_bytes"]),
            "camera": (photo["camera"], row["camera_id"]),
        }
        if names := [name for name, (said, kept) in pairs.items() if said is not None and said != kept]:
            found[key] = names
    return dict(sorted(found.items()))
