"""Events of photos, as the devices of people send them: the life of the generated accounts database, told by phones.

Words used here:
*leader*: a device. It decides alone, perhaps offline, and its clock may be wrong.
*moment*: milliseconds since 1970. *decided*: when it truly happened; *sent*: when the message reached the broker.
*lost*: an event that never arrives, so that the events and the database differ, as they do in life.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from sample.generate.accounts import Database, Row, live_days
from sample.generate.messages import ENCODERS, WITHOUT_TITLE
from sample.generate.photo_truth import compare_photos, fold_events
from watershed.synthetic.clock import find_epoch
from watershed.synthetic.dirt import Dirt, fill_in
from watershed.synthetic.messages import Encode, Message, encode_json

MESSAGES_PER_ROW = 0.9  # of the accounts database, about
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
TITLES = ["Harbor", "La Défense", "夜景", 'the "last" one', "IMG_0042", "Zoë; drop table", "🙂", "a\tb"]
LEADERS_PER_USER = 2
SHARE_OFFLINE, SHARE_WRONG_CLOCK = 0.1, 0.05
SHARE_TITLED, SHARE_RIVALLED, SHARE_REPEATED, SHARE_DIRTY = 0.3, 0.15, 0.03, 0.01
LOST = {"addPhoto": 97, "replacePhoto": 5, "deletePhoto": 4}  # of so many, one
FOREIGN_ID = 900_000_000  # photos that never got into the database
FOREIGN_PER_DAY = 2
ENCODER_SHARES = np.cumsum([0.7, 0.1, 0.1])  # the others write Protobuf

DIRT = (
    Dirt("photo_events", "malformed", b'addPhoto(id={photo}, user=54351, path="/st/u211/1U6uF147Fy.jpg")'),
    Dirt("photo_events", "malformed", b'{"event_id":"cut","event":"addPhoto","id":{photo},"us'),
    Dirt("photo_events", "malformed", b'["addPhoto",{photo}]'),
    Dirt("photo_events", "kind", b'{"event_id":"bad-kind-{number}","event":"likePhoto","id":{photo},{stamp}}'),
    Dirt("photo_events", "photo_id", b'{"event_id":"bad-id-{number}","event":"deletePhoto","id":"many",{stamp}}'),
    Dirt("photo_events", "event_id", b'{"event":"deletePhoto","id":{photo},{stamp}}'),
    Dirt("photo_events", "occurred_at", b'{"event_id":"bad-at-{number}","event":"deletePhoto","id":{photo},'
         b'"version":3,"leader":"u1-phone1","at":"yesterday"}'),
    Dirt("photo_events", "unreadable", b'{"event_id":"caf\xe9\xff"}'),
    Dirt("photo_events", "unreadable", b"\0\0\0\0\x63in a schema that nobody declared"),
    Dirt("photo_events", "unreadable", b"\0\0\0\0\x02\x10cut off"),
)  # fmt: skip
STAMP = b'"version":3,"leader":"u1-phone1","at":"2024-03-04T05:06:07Z"'
LARGE = b'{"event_id":"too-large","event":"updatePhotoData","id":{photo},"title":"%s",{stamp}}' % (b"x" * (1 << 20))


@dataclass(frozen=True)
class Leader:
    name: str
    clock_error: int  # ms
    is_offline: bool
    encode: Encode

    def find_sending(self, decided: int, hurry: int) -> int:
        """At once, or when a device that is mostly offline next has a network."""
        return (decided // (6 * HOUR_MS) + 1) * 6 * HOUR_MS + hurry if self.is_offline else decided + hurry


@dataclass
class Story:
    """Events so far with the moment each was sent, and how far the version of each photo has come."""

    seed: int
    rng: np.random.Generator
    sent: list[tuple[int, Leader, dict[str, Any]]] = field(default_factory=list)
    versions: Counter[int] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    leaders: dict[str, Leader] = field(default_factory=dict)

    def tell(self, kind: str, photo: int, owner: int, decided: int, is_rival: bool = False, **said: Any) -> None:
        """One event. A rival had not seen the photo's latest version, so it takes the same number."""
        leader = self.find_leader(owner, int(is_rival) or int(self.rng.integers(0, LEADERS_PER_USER)))
        self.versions[photo] += not is_rival
        self.decided[kind] += 1
        if not is_rival and kind in LOST and self.decided[kind] % LOST[kind] == 0:
            return
        event = {
            "event_id": f"{self.seed}-{sum(self.decided.values()):08}",
            "event": kind,
            "id": photo,
            **{name: value for name, value in said.items() if value is not None},
            "version": self.versions[photo],
            "leader": leader.name,
            "at": format_instant(decided + leader.clock_error),
        }
        self.sent.append((leader.find_sending(decided, int(self.rng.integers(0, 3000))), leader, event))

    def find_leader(self, user: int, number: int) -> Leader:
        name = f"u{user}-phone{number}"
        if name not in self.leaders:
            rng = np.random.default_rng([self.seed, 10, user, number])
            reach = DAY_MS if rng.random() < SHARE_WRONG_CLOCK else 2000
            encode = ENCODERS[np.searchsorted(ENCODER_SHARES, rng.random())]
            error = int(rng.integers(-reach, reach))
            self.leaders[name] = Leader(name, error, bool(rng.random() < SHARE_OFFLINE), encode)
        return self.leaders[name]


def make_photo_events(days: Sequence[date], rows: int, seed: int) -> tuple[list[Message], dict[str, Any]]:
    """Messages in the order sent, and what must come of them. With the arguments of `write_accounts`, of its photos."""
    story = Story(seed, np.random.default_rng([seed, 9]))
    kept: dict[int, Row] = {}
    for number, (day, database) in enumerate(live_days(days, rows, seed)):
        tell_day(story, kept, database, day)
        tell_foreign_photos(story, number, day)
        kept = dict(database.rows["photos"])
    story.sent.sort(key=lambda sending: (sending[0], sending[2]["event_id"]))
    events = [event for _, _, event in story.sent]
    photos = fold_events(events)
    messages = [make_message(leader, event) for _, leader, event in story.sent]
    repeated = repeat_some(story.rng, messages)
    bad, quarantined = spoil_some(story.rng, [event["id"] for event in events])
    truth = {
        "messages": len(repeated) + len(bad),
        "rows": len(events),
        "deduplicated": len(repeated) - len(messages),
        "quarantined": dict(sorted(quarantined.items())),
        "kinds": dict(sorted(Counter(event["event"] for event in events).items())),
        "photos": len(photos),
        "file_bytes": sum(photo["bytes"] for photo in photos.values()),
        "titles": sum(photo["title"] is not None for photo in photos.values()),
        "differences": {str(key): names for key, names in compare_photos(photos, kept).items()},
    }
    return insert(repeated, story.rng.integers(0, len(repeated), len(bad)), bad), truth


def tell_day(story: Story, kept: dict[int, Row], database: Database, day: date) -> None:
    """What happened to the photos of the database on a day on which it `kept` those of the day before."""
    for key, row in database.touched["photos"].items():
        decided = read_moment(row["updated_at"])
        said = {"path": row["path"], "bytes": row["file_bytes"]}
        if key in kept:
            tell_replacement(story, key, row["user_id"], decided, said)
            continue
        story.tell("addPhoto", key, row["user_id"], decided, user=row["user_id"], camera=row["camera_id"], **said)
        if story.rng.random() < SHARE_TITLED:
            tell_titles(story, key, row["user_id"], decided)
    for table, key in database.deleted:
        if table == "photos" and key in kept:
            tell_farewell(story, key, kept[key]["user_id"], day)


def tell_replacement(story: Story, photo: int, user: int, decided: int, said: dict[str, Any]) -> None:
    """Another file. If a second device replaced it too, the database has this one, and the events perhaps the other."""
    story.tell("replacePhoto", photo, user, decided, **said)
    if story.rng.random() < SHARE_RIVALLED:
        later = decided + int(story.rng.integers(-HOUR_MS, HOUR_MS))
        story.tell("replacePhoto", photo, user, later, is_rival=True, **said | {"bytes": said["bytes"] + 1})


def tell_titles(story: Story, photo: int, user: int, decided: int) -> None:
    """A title, and sometimes another one by a second device that has not seen the first."""
    later = decided + int(story.rng.integers(1, 2 * HOUR_MS))
    story.tell("updatePhotoData", photo, user, later, title=draw_title(story.rng))
    if story.rng.random() < SHARE_RIVALLED:
        later += int(story.rng.integers(-HOUR_MS, HOUR_MS))
        story.tell("updatePhotoData", photo, user, later, is_rival=True, title=draw_title(story.rng))


def draw_title(rng: np.random.Generator) -> str:
    return f"{TITLES[rng.integers(0, len(TITLES))]} {rng.integers(0, 1000)}"


def tell_farewell(story: Story, photo: int, user: int, day: date) -> None:
    """A photo is deleted; now and then a device that does not know yet goes on changing it."""
    decided = find_epoch(day) * 1000 + int(story.rng.integers(0, DAY_MS))
    story.tell("deletePhoto", photo, user, decided)
    if story.rng.random() < SHARE_RIVALLED:
        later = decided + int(story.rng.integers(0, 12 * HOUR_MS))
        story.tell("updatePhotoData", photo, user, later, is_rival=True, title="still here")


def tell_foreign_photos(story: Story, number: int, day: date) -> None:
    """Photos of devices whose uploads the database never heard of."""
    for n in range(FOREIGN_PER_DAY):
        key, decided = FOREIGN_ID + number * FOREIGN_PER_DAY + n, find_epoch(day) * 1000 + n * HOUR_MS
        story.tell("addPhoto", key, 1, decided, user=1, path=f"/st/u1/1U{key}.jpg", bytes=10_000 + n)


def read_moment(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def format_instant(moment: int) -> str:
    return (datetime(1970, 1, 1) + timedelta(milliseconds=moment)).isoformat(timespec="milliseconds") + "Z"


def make_message(leader: Leader, event: dict[str, Any]) -> Message:
    """As the device's version of the app writes it; an old one that wants to write a title is updated first."""
    encode = encode_json if leader.encode is WITHOUT_TITLE and "title" in event else leader.encode
    return Message(encode(event), str(event["id"]).encode())


def repeat_some(rng: np.random.Generator, messages: list[Message]) -> list[Message]:
    """Retries: some are sent again, at once or much later."""
    chosen = np.flatnonzero(rng.random(len(messages)) < SHARE_REPEATED)
    delays = rng.choice([0, 1, 50, len(messages)], len(chosen))
    return insert(messages, chosen + delays, [messages[i] for i in chosen])


def spoil_some(rng: np.random.Generator, photos: list[int]) -> tuple[list[Message], Counter[str]]:
    """Messages that must not get through, each sort at least once, with the counts of the sorts of reason."""
    count = max(len(DIRT), round(len(photos) * SHARE_DIRTY))
    drawn = [*DIRT, *(DIRT[i] for i in rng.integers(0, len(DIRT), count - len(DIRT)))]
    values = {"photo": [str(photo).encode() for photo in photos], "stamp": [STAMP]}
    texts = [dirt.text.replace(b"{number}", b"%d" % n) for n, dirt in enumerate(drawn)]
    reasons = Counter(dirt.reason for dirt in drawn) + Counter(unreadable=2)
    bad = [Message(fill_in(rng, text, values), b"bad") for text in [*texts, LARGE]]
    return [Message(None, b"bad"), *bad], reasons


def insert(messages: list[Message], places: np.ndarray, more: list[Message]) -> list[Message]:
    """The messages with each of the others after the one at its place, or at the end."""
    order = np.argsort(np.concatenate([np.arange(len(messages)), places]), kind="stable")
    together = messages + more
    return [together[i] for i in order]
