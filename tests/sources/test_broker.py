"""What the client of Kafka has to say is one sentence: what, where, and what to do."""

from pathlib import Path

import pytest
from confluent_kafka import KafkaError

from contracts.photo_events import PHOTO_EVENTS
from watershed.cli.main import main
from watershed.cli.message_lines import read_file
from watershed.sources.topics.broker import explain_error
from watershed.sources.topics.topic import open_consumer
from watershed.sources.topics.topic_ends import TopicEnds
from watershed.synthetic.producer import verify_topic

NOBODY = "127.0.0.1:9"


@pytest.fixture(autouse=True)
def brokers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATERSHED_KAFKA_BROKERS", NOBODY)
    monkeypatch.setattr("watershed.sources.topics.topic_ends.ANSWER_S", 0.2)
    monkeypatch.setattr("watershed.synthetic.producer.ANSWER_SECONDS", 0.2)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("{", "WATERSHED_KAFKA_OPTIONS is not a JSON object"),
        ("[]", "WATERSHED_KAFKA_OPTIONS is not a JSON object"),
        ('{"a": {"b": 1}}', "WATERSHED_KAFKA_OPTIONS is not a JSON object"),
        ('{"nonsense": 1}', "refuses its settings .No such configuration property.*: mend WATERSHED_KAFKA_OPTIONS"),
        ('{"socket.timeout.ms": "soon"}', "refuses its settings .Invalid value.*: mend WATERSHED_KAFKA_OPTIONS"),
        ('{"security.protocol": "SASL_SSL"}', "refuses its settings .*: mend WATERSHED_KAFKA_OPTIONS"),
    ],
)
def test_settings_that_make_no_sense_are_named(options: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATERSHED_KAFKA_OPTIONS", options)
    with pytest.raises(ValueError, match=sentence), open_consumer(PHOTO_EVENTS):
        pass
    with pytest.raises(ValueError, match=sentence):
        TopicEnds(PHOTO_EVENTS)
    if "nonsense" in options:
        with pytest.raises(ValueError, match=sentence):
            verify_topic("t", {"bootstrap.servers": NOBODY, "nonsense": "1"})


def test_a_gap_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATERSHED_KAFKA_GAP_S", "soon")
    with (
        pytest.raises(ValueError, match="WATERSHED_KAFKA_GAP_S is 'soon' and not a number"),
        open_consumer(PHOTO_EVENTS),
    ):
        pass


def test_a_broker_that_is_away_is_named() -> None:
    sentence = f"no Kafka broker answers at {NOBODY} "
    with open_consumer(PHOTO_EVENTS) as reader, pytest.raises(ConnectionError, match=sentence):
        reader.list_partitions()
    with pytest.raises(ConnectionError, match=sentence):
        TopicEnds(PHOTO_EVENTS).find()


def test_errors_of_a_topic_are_told_apart() -> None:
    absent = explain_error("clicks", KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
    assert str(absent) == "the broker has no topic clicks: make it, or mend WATERSHED_TOPIC_PREFIX"
    assert "does not let us read clicks" in str(
        explain_error("clicks", KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))
    )
    assert isinstance(explain_error("clicks", KafkaError(KafkaError._FATAL)), ConnectionError)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none", "there is no such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ValueError, match=f"{path} cannot be read: {why}"):
            list(read_file(PHOTO_EVENTS, str(path)))


def test_the_command_prints_no_name_of_an_exception(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["produce", "photo_events", "/nowhere"]) == 1
    assert capsys.readouterr().err.startswith(f"watershed: no Kafka broker answers at {NOBODY}")
