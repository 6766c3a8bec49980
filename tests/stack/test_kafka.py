import os
import signal
from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from tests.empty_lake import EmptyLake
from watershed.declarations import load_streams
from watershed.settings import load_kafka, topic_name
from watershed.stack.home import Home, read_ports
from watershed.stack.kafka import create_topics, declared_topics, delete_topics
from watershed.stack.process import Server, find_process, pass_variables
from watershed.stack.servers import list_servers, start_storage

pytestmark = pytest.mark.servers


@pytest.fixture
def topic(stack: Home, request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"{request.node.name}-{os.getpid()}"
    create_topics(load_kafka(), [name], partitions=1)
    yield name
    delete_topics(load_kafka(), [name])


def send(topic: str, *values: bytes) -> None:
    """Returns when the broker has them all."""
    errors: list[KafkaError] = []
    producer = Producer(load_kafka() | {"acks": "all"})
    for value in values:
        producer.produce(topic, value, headers={"event-id": b"1"}, on_delivery=lambda e, _: e and errors.append(e))
    assert producer.flush(20) == 0
    assert errors == []


def read(topic: str) -> list[tuple[int, bytes]]:
    """Offset and value of every message of the first partition."""
    reader = Consumer(load_kafka() | {"group.id": "test", "enable.partition.eof": True})
    reader.assign([TopicPartition(topic, 0, 0)])
    found = []
    while (message := reader.poll(20)) is not None and message.error() is None:
        found.append((message.offset(), message.value()))
    assert message is not None and message.error().code() == KafkaError._PARTITION_EOF
    reader.close()
    return found


def find_broker(home: Home) -> Server:
    return next(server for server in list_servers(home) if server.name == "kafka")


def list_topics() -> dict[str, int]:
    """Every topic with its number of partitions."""
    reader = Consumer(load_kafka() | {"group.id": "test"})
    return {name: len(about.partitions) for name, about in reader.list_topics(timeout=20).topics.items()}


def test_settings_lead_to_the_declared_topics(stack: Home) -> None:
    assert load_kafka() == {"bootstrap.servers": f"127.0.0.1:{read_ports(stack)['kafka']}"}
    assert set(declared_topics()) == {topic_name(stream.topic) for stream in load_streams().values()}
    assert {name: count for name, count in list_topics().items() if name in declared_topics()} == dict.fromkeys(
        declared_topics(), 4
    )


def test_messages_survive_a_kill(stack: Home, topic: str) -> None:
    values = [b"%d" % number for number in range(1000)]
    send(topic, *values[:600])
    process = find_process(stack, "kafka")
    assert process is not None
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not find_broker(stack).is_ready()
    start_storage(stack)
    assert find_broker(stack).is_ready()
    send(topic, *values[600:])
    assert read(topic) == list(enumerate(values))


def test_topics_are_made_once(stack: Home, topic: str) -> None:
    send(topic, b"kept")
    assert create_topics(load_kafka(), [topic, f"{topic}-more"], partitions=2) == [f"{topic}-more"]
    assert list_topics()[f"{topic}-more"] == 2
    delete_topics(load_kafka(), [f"{topic}-more", "never-made"])
    assert f"{topic}-more" not in list_topics()
    assert read(topic) == [(0, b"kept")]


def test_a_topic_made_again_is_empty(stack: Home, topic: str) -> None:
    send(topic, b"old")
    delete_topics(load_kafka(), [topic])
    create_topics(load_kafka(), [topic], partitions=1)
    assert read(topic) == []
    send(topic, b"new")
    assert read(topic) == [(0, b"new")]


@pytest.mark.parametrize("run", [1, 2])
def test_every_lake_has_topics_of_its_own(lake: EmptyLake, topics: dict[str, str], run: int) -> None:
    assert set(topics) == set(load_streams())
    for name, stream in load_streams().items():
        assert topics[name] == topic_name(stream.topic) == lake.topic_prefix + stream.topic
    assert all(list_topics()[topic] == 4 for topic in topics.values())


def test_no_server_inherits_an_aws_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of another account")
    monkeypatch.setenv("KEPT", "yes")
    passed = pass_variables({"AWS_DEFAULT_REGION": "us-east-1"})
    assert "AWS_SESSION_TOKEN" not in passed
    assert (passed["AWS_DEFAULT_REGION"], passed["KEPT"]) == ("us-east-1", "yes")
