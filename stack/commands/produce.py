"""Send messages to a stream, as an outside producer would: each line of a file, or generated ones.

watershed produce watch_events lines.log               a message a line; sent again, they are recognised
watershed produce photo_events -                       the same from standard input, JSON here
watershed produce photo_events --generate 10000        a made-up life of photos, with known dirt; not exactly so many
watershed produce watch_events --generate 10000 --rate 100    people who watch from now on
"""

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from contracts.counting import count_nouns

if TYPE_CHECKING:
    from contracts.table import Stream
    from stack.generate.messages import Message

GOES_ON = "messages that were acknowledged stay sent"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stream", help="such as photo_events")
    parser.add_argument("file", nargs="?", metavar="FILE", help="one message a line; - is standard input")
    parser.add_argument("--generate", type=int, metavar="N", help="make up about so many messages instead")
    parser.add_argument("--rate", type=float, metavar="R", help="at most so many a second (default: no limit)")
    parser.add_argument("--seed", type=int, default=1, help="another number generates other messages (default 1)")


def run(args: argparse.Namespace) -> int:
    from contracts import find_stream
    from contracts.settings import load_kafka, spell_topic
    from stack.message_lines import read_file
    from stack.producer import produce, verify_topic

    stream = find_stream(args.stream)
    if (args.file is None) == (args.generate is None):
        raise ValueError("name a file (- is standard input) or say --generate N")
    if any(number is not None and number <= 0 for number in (args.generate, args.rate)):
        raise ValueError("--generate and --rate are numbers above zero")
    messages = read_file(stream, args.file) if args.file else generate_messages(stream, args)
    topic, properties = spell_topic(stream.topic), load_kafka()
    verify_topic(topic, properties)
    delivery = produce(messages, topic, properties, args.rate)
    print(f"{len(delivery.acknowledged):,} of {count_nouns(delivery.count, 'message')} acknowledged")
    if delivery.failed:
        reasons = ", ".join(sorted(set(delivery.failed.values())))
        raise ValueError(f"{count_nouns(len(delivery.failed), 'message')} did not arrive: {reasons}")
    return 0


def generate_messages(stream: "Stream", args: argparse.Namespace) -> "Iterable[Message]":
    """Photo events are the same for the same number and seed; people watch films now, or have in the last minute."""
    from datetime import UTC, datetime, timedelta

    from stack.commands.generate import FIRST_DAY
    from stack.generate.photo_events import MESSAGES_PER_ROW, make_photo_events
    from stack.generate.watch_events import stream_watch_events

    if stream.name == "photo_events":
        days = [FIRST_DAY + timedelta(days=n) for n in range(3)]
        return make_photo_events(days, round(args.generate / MESSAGES_PER_ROW), args.seed)[0]
    if stream.name == "watch_events":
        now = datetime.now(UTC).replace(tzinfo=None)
        start, rate = (now, args.rate) if args.rate else (now - timedelta(minutes=1), args.generate / 60)
        return stream_watch_events(args.generate, args.seed, start, rate)
    raise LookupError(f"nothing generates messages of {stream.name}: send a file of them")
