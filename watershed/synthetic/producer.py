"""Send messages to a topic, and know which of them the brokers have."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as KafkaMessage

from watershed.errors import NotFound
from watershed.sources.kafka import EVENT_ID_HEADER
from watershed.sources.topics.broker import explain_refusal
from watershed.stack.kafka import QUIET
from watershed.synthetic.messages import Message

CHUNK = 1000
ANSWER_SECONDS = 10
PROPERTIES = QUIET | {
    "acks": "all",
    # What the client sends again after a broken connection may be there twice; events have ids. The local broker loses
    # messages of idempotent producers when it is killed (stack/kafka.py); WATERSHED_KAFKA_OPTIONS may ask for it.
    "enable.idempotence": False,
    "delivery.report.only.error": True,  # silence is success, at half the cost of a report for each message
    "linger.ms": 50,  # the local broker makes an object of each batch
    "batch.num.messages": 50_000,
    "batch.size": 1 << 20,
    "message.max.bytes": 8 << 20,  # the lake, not the client, says what is too large
    "queue.buffering.max.messages": 500_000,
}


@dataclass
class Delivery:
    """How many messages were sent, numbered from 0, and why some never arrived."""

    count: int = 0
    failed: dict[int, str] = field(default_factory=dict)

    @property
    def acknowledged(self) -> list[int]:
        """The numbers of the messages that the brokers said they have."""
        return [number for number in range(self.count) if number not in self.failed]


def produce(
    messages: Iterable[Message], topic: str, properties: Mapping[str, str], rate: float | None = None
) -> Delivery:
    """Send all messages, at most `rate` a second, and wait until each is acknowledged or given up.

    The client tries again for `message.timeout.ms` (5 minutes): a message given up may have arrived all the same.
    """
    producer = Producer({**PROPERTIES, **properties})
    delivery = Delivery()
    for chunk in pace(messages, rate):
        note = partial(note_failure, delivery, delivery.count, chunk)  # one for each would cost more than all else
        for number, message in enumerate(chunk, delivery.count):
            try:
                send(producer, topic, message, note)
            except KafkaException as error:  # too large, or the client has given up for good
                delivery.failed[number] = error.args[0].str()
        delivery.count += len(chunk)
        producer.poll(0)
    producer.flush()
    return delivery


def verify_topic(topic: str, properties: Mapping[str, str]) -> None:
    """Raises NotFound where the client would try in vain for minutes, InvalidInput for settings that it refuses."""
    brokers = properties["bootstrap.servers"]
    try:
        producer = Producer({**QUIET, **properties})
    except (KafkaException, TypeError) as error:
        raise explain_refusal(error) from error
    try:
        known = producer.list_topics(timeout=ANSWER_SECONDS).topics
    except KafkaException as error:
        raise NotFound(f"no Kafka broker answers at {brokers}: `watershed up` starts the local one") from error
    if topic not in known:
        raise NotFound(f"the broker at {brokers} has no topic {topic}: `watershed up` makes the declared ones")


def pace(messages: Iterable[Message], rate: float | None) -> Iterator[list[Message]]:
    """The messages in chunks, each when it is due: never more than `rate` a second, counted from the first."""
    waiting, began, count = iter(messages), time.monotonic(), 0
    size = CHUNK if rate is None else max(1, min(CHUNK, round(rate / 50)))
    while chunk := list(islice(waiting, size)):
        if rate is not None:
            time.sleep(max(0.0, began + count / rate - time.monotonic()))
        yield chunk
        count += len(chunk)


def send(producer: Producer, topic: str, message: Message, note: "partial[None]") -> None:
    """Hand one message to the client, waiting while its queue is full. Raises KafkaException."""
    value, key, event_id = message
    while True:
        try:
            if event_id is None:
                return producer.produce(topic, value, key, on_delivery=note)
            return producer.produce(topic, value, key, on_delivery=note, headers={EVENT_ID_HEADER: event_id})
        except BufferError:
            producer.poll(0.05)


def note_failure(
    delivery: Delivery, first: int, chunk: list[Message], error: KafkaError | None, message: KafkaMessage
) -> None:
    """Called for a message of a chunk, the first of which has the number `first`; of equal ones, for the next."""
    if error is not None:
        value = message.value(), message.key()
        numbers = (n for n, sent in enumerate(chunk, first) if n not in delivery.failed and sent[:2] == value)
        delivery.failed[next(numbers, first)] = error.str()
