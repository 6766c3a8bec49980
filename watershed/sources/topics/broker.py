"""The client of the Kafka brokers. What it has to say becomes a sentence: what, where, and what to do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from confluent_kafka import Consumer, KafkaError, KafkaException

from watershed.errors import InvalidInput, NoAnswer, NotFound
from watershed.settings import load_kafka, read_setting

QUIET: Mapping[str, str | int | bool] = {"log_level": 0}  # that a broker is away is told by an exception, once


def open_client(own: Mapping[str, str | int | bool]) -> Consumer:
    """A client with these properties that never commits anything. Raises InvalidInput for settings that it refuses."""
    always: dict[str, str | int | bool] = {"enable.auto.commit": False, "enable.auto.offset.store": False}
    properties = always | dict(QUIET) | dict(own) | load_kafka()
    try:
        return Consumer(properties)
    except (KafkaException, TypeError) as error:
        raise explain_refusal(error) from error


def explain_refusal(error: Exception) -> InvalidInput:
    return InvalidInput(f"Kafka's client refuses its settings ({format_reason(error)}): mend WATERSHED_KAFKA_OPTIONS")


@contextmanager
def hear_broker() -> Iterator[None]:
    """Around what asks a broker. Raises NoAnswer where none answers."""
    try:
        yield
    except KafkaException as error:
        raise explain_silence(format_reason(error)) from error


def explain_silence(reason: str) -> NoAnswer:
    brokers = read_setting("kafka_brokers")
    return NoAnswer(
        f"no Kafka broker answers at {brokers} ({reason}): `watershed up` starts the local one; of another one mend "
        "WATERSHED_KAFKA_BROKERS"
    )


def explain_error(topic: str, error: KafkaError) -> Exception:
    """What an error means that does not pass by itself."""
    if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
        return explain_absence(topic)
    if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
        return InvalidInput(
            f"the broker does not let us read {topic}: mend the login in WATERSHED_KAFKA_OPTIONS, or its rights"
        )
    return explain_silence(error.str())


def explain_absence(topic: str) -> NotFound:
    return NotFound(f"the broker has no topic {topic}: make it, or mend WATERSHED_TOPIC_PREFIX")


def format_reason(error: Exception) -> str:
    """What a KafkaException or another error says, without its numbers."""
    first = error.args[0] if error.args else error
    return first.str() if isinstance(first, KafkaError) else str(first)
