"""What is sent arrives with its key and id, at the rate asked for, and what does not arrive is known."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka import Message as KafkaMessage

from contracts.photo_events import PHOTO_EVENTS
from contracts.watch_minutes import WATCH_EVENTS
from watershed.cli import main as cli
from watershed.cli.message_lines import make_messages, read_file
from watershed.settings import load_kafka
from watershed.synthetic import producer
from watershed.synthetic.messages import Message
from watershed.synthetic.producer import pace, produce, verify_topic

NOWHERE = {"bootstrap.servers": "127.0.0.1:1"}
LINES = b"2026-11-01T13:44:14,5,GET /data/m/a+1990/1.mpg\r\n2026-11-01T13:44:14, 6, GET /data/m/b+1990/2.mpg\nbroken\n"


def read_topic(topic: str) -> Iterator[KafkaMessage]:
    """Every message of four partitions."""
    reader = Consumer(load_kafka() | {"group.id": "test", "enable.partition.eof": True})
    for partition in range(4):
        reader.assign([TopicPartition(topic, partition, 0)])
        while (message := reader.poll(20)) is not None and message.error() is None:
            yield message
        assert message is not None and message.error().code() == KafkaError._PARTITION_EOF
    reader.close()


@pytest.mark.servers
def test_all_messages_arrive_with_key_and_id(topics: dict[str, str]) -> None:
    messages = [Message(b"v%d" % n, b"k%d" % (n % 7), f"e{n}" if n % 2 else None) for n in range(2500)]
    messages += [Message(None, b"k"), Message(b"", None), Message(b"x" * (2 << 20))]
    delivery = produce(messages, topics["photo_events"], load_kafka())
    assert delivery.acknowledged == list(range(len(messages)))
    found = list(read_topic(topics["photo_events"]))
    assert len(found) == len(messages)
    sent = {(m.value, m.key, m.event_id) for m in messages if m.value}
    assert sent == {(m.value(), m.key(), read_id(m)) for m in found if m.value()}
    order = [int(m.value()[1:]) for m in found if m.key() == b"k3"]
    assert order == sorted(order)


def read_id(message: KafkaMessage) -> str | None:
    headers = dict(message.headers() or [])
    return headers["event-id"].decode() if headers else None


@pytest.mark.servers
def test_a_file_sent_twice_has_the_same_ids(topics: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "lines.log"
    file.write_bytes(LINES)
    for _ in range(2):
        assert cli.main(["produce", "watch_events", str(file)]) == 0
    found = [(read_id(m), m.key()) for m in read_topic(topics["watch_events"])]
    assert len(found) == 6
    assert len({event_id for event_id, _ in found}) == 3
    assert {key for _, key in found} == {b"5", b"6", None}


@pytest.mark.servers
def test_generated_messages_are_sent(topics: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    for stream in ("photo_events", "watch_events"):
        assert cli.main(["produce", stream, "--generate", "300", "--rate", "2000"]) == 0
        assert 250 < int(capsys.readouterr().out.split()[0]) < 350
        assert 250 < sum(1 for _ in read_topic(topics[stream])) < 350


def test_what_no_broker_took_is_told() -> None:
    messages = [Message(b"same", b"k")] * 3 + [Message(None), Message(b"", b""), Message(b"x" * (9 << 20))]
    delivery = produce(messages, "t", NOWHERE | {"message.timeout.ms": "200"})
    assert delivery.count == len(messages)
    assert delivery.acknowledged == []
    assert "too large" in delivery.failed[5].lower()
    assert {delivery.failed[n] for n in range(5)} == {"Local: Message timed out"}


def test_a_silent_broker_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(producer, "ANSWER_SECONDS", 0.2)
    monkeypatch.setenv("WATERSHED_KAFKA_BROKERS", NOWHERE["bootstrap.servers"])
    assert cli.main(["produce", "photo_events", "--generate", "10"]) == 1
    assert f"no Kafka broker answers at {NOWHERE['bootstrap.servers']}" in capsys.readouterr().err


@pytest.mark.servers
def test_a_missing_topic_is_named(stack: object) -> None:
    with pytest.raises(LookupError, match="has no topic nowhere-to-be-found"):
        verify_topic("nowhere-to-be-found", load_kafka())


@pytest.mark.parametrize("options", [[], ["-", "--generate", "5"], ["--generate", "0"], ["-", "--rate", "0"]])
def test_senseless_wishes_are_refused(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["produce", "watch_events", *options]) == 1
    assert "--generate" in capsys.readouterr().err


def test_messages_are_paced() -> None:
    began = time.monotonic()
    chunks = list(pace([Message(b"")] * 100, rate=500))
    assert time.monotonic() - began == pytest.approx(0.18, abs=0.1)
    assert [len(chunk) for chunk in chunks] == [10] * 10


def test_lines_become_messages(tmp_path: Path) -> None:
    values = [value.strip() for value in LINES.split(b"\n")[:3]]
    assert list(make_messages(WATCH_EVENTS, LINES.splitlines(keepends=True), "run")) == [
        Message(values[0], b"5", "run-1"),
        Message(values[1], b"6", "run-2"),
        Message(b"broken", None, "run-3"),
    ]
    file = tmp_path / "events.json"
    file.write_text('{"id": 7}\n[]\n{"id": \n{"no": 1}\n')
    assert [message.key for message in read_file(PHOTO_EVENTS, str(file))] == [b"7", None, None, None]
