"""Messages that tests send: lines of a streaming log, and events of photos, each as good as any."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from confluent_kafka import Producer

from watershed.settings import load_kafka


def send(topic: str, values: Sequence[bytes]) -> None:
    """Send them, over all partitions, and wait until the broker has them."""
    producer = Producer(load_kafka())
    for number, value in enumerate(values):
        producer.produce(topic, value, key=str(number % 7).encode())
    assert producer.flush(60) == 0


def make_watch_line(user: int) -> bytes:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S},{user},GET /data/m/toy+story+3+2010/46.mpg".encode()


def make_photo_event(photo: int) -> bytes:
    event = {"event_id": f"e{photo}", "event": "addPhoto", "id": photo, "user": 5, "path": f"/st/{photo}.jpg"}
    return json.dumps(event | {"version": 1, "leader": "phone", "at": datetime.now(UTC).isoformat()}).encode()
