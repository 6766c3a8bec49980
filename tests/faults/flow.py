"""Events of photos that go on flowing through a fault, from a producer that knows which of them the broker has.

Words used here:
*acknowledged*: the broker said that it has the message; only these may not get lost.
*poison*: a message that is no event, and must be found in quarantine.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Self

from sample.generate.photo_events import format_instant
from watershed.declarations.table import Stream
from watershed.settings import load_kafka, topic_name
from watershed.synthetic.messages import Message, encode_json
from watershed.synthetic.producer import produce

POISON_EVERY = 100
POISON = (
    "no JSON",
    '{{"event_id":"{name}","event":"likePhoto","id":1,"version":1,"leader":"l","at":"2026-01-01T00:00:00Z"}}',
    '{{"event_id":"{name}","event":"deletePhoto","id":"many","version":1,"leader":"l","at":"2026-01-01T00:00:00Z"}}',
    '{{"event_id":"{name}","event":"deletePhoto","id":1,"version":1,"leader":"l","at":"yesterday"}}',
    '{{"event_id":"{name}","event":"deletePhoto","id":1,"version":1,"leader":"l","at":"2099-01-01T00:00:00Z"}}',
)
GIVEN_UP_MS = 60_000  # then the producer sends the event anew, as if it had never tried
ATTEMPTS = 5


class Flow:
    """Events at a steady rate from a thread of its own. What an event says depends on its number alone, so that it is
    the same however often it is sent. `clock` is how wrong the device's one is."""

    def __init__(self, stream: Stream, name: str, rate: float, clock: timedelta = timedelta()) -> None:
        self.topic, self.properties = topic_name(stream.topic), load_kafka()
        self.properties |= {"message.timeout.ms": str(GIVEN_UP_MS), "linger.ms": "1000", "log_level": "0"}
        self.name, self.rate = name, rate
        self.began = round((datetime.now(UTC) + clock).timestamp() * 1000)
        self.count = 0
        self.unacknowledged: set[int] = set()
        self.enough = Event()
        self.thread = Thread(target=self.send, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Make no more, and wait until all that was sent is acknowledged."""
        self.enough.set()
        self.thread.join(ATTEMPTS * GIVEN_UP_MS / 1000)
        assert not self.thread.is_alive(), "the producer does not get rid of its messages"

    def announce(self, count: int) -> None:
        """Without the thread: so many events exist, and none is sent yet."""
        self.count, self.unacknowledged = count, set(range(count))

    def send(self) -> None:
        delivery = produce(self.make_messages(), self.topic, self.properties, self.rate)
        self.unacknowledged = set(delivery.failed)
        for _ in range(ATTEMPTS - 1):
            self.resend(sorted(self.unacknowledged))

    def resend(self, numbers: Sequence[int]) -> None:
        """Send events, perhaps again, in this order."""
        if numbers:
            again = produce(map(self.make_message, numbers), self.topic, self.properties)
            self.unacknowledged -= {numbers[place] for place in again.acknowledged}

    def make_messages(self) -> Iterator[Message]:
        while not self.enough.is_set():
            yield self.make_message(self.count)
            self.count += 1

    def make_message(self, number: int) -> Message:
        key = b"%d" % (number % 97)
        if self.is_poison(number):
            text = POISON[number // POISON_EVERY % len(POISON)].format(name=self.format_id(number))
            return Message(f"{text} {self.format_id(number)}".encode() if text[0] != "{" else text.encode(), key)
        return Message(encode_json(self.make_event(number)), key)

    def make_event(self, number: int) -> dict[str, object]:
        photo, version = number % 997 + 1, number // 997 + 1
        said = {"user": photo, "path": f"/st/u{photo}/{number}.jpg"} if version == 1 else {"title": f"take {version}"}
        about = {"version": version, "leader": self.name, "at": format_instant(self.began + 1000 * number / self.rate)}
        kind = "addPhoto" if version == 1 else "updatePhotoData"
        return {"event_id": self.format_id(number), "event": kind, "id": photo} | said | about

    def format_id(self, number: int) -> str:
        return f"{self.name}-{number:08}"

    @staticmethod
    def is_poison(number: int) -> bool:
        return number % POISON_EVERY == POISON_EVERY - 1
