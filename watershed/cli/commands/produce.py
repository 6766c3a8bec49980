"""Send messages to a stream, as an outside producer would: each line of a file, or generated ones.

watershed produce watch_events lines.log               a message a line; sent again, they are recognised
watershed produce photo_events -                       the same from standard input, JSON here
watershed produce photo_events --generate 10000        a made-up life of photos, with known dirt; not exactly so many
watershed produce watch_events --generate 10000 --rate 100    people who watch from now on
"""

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from watershed.declarations.counting import count_nouns
from watershed.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from watershed.declarations.table import Stream
    from watershed.synthetic.messages import Message

GOES_ON = "messages that were acknowledged stay sent"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stream", help="such as photo_events")
    parser.add_argument("file", nargs="?", metavar="FILE", help="one message a line; - is standard input")
    parser.add_argument("--generate", type=int, metavar="N", help="make up about so many messages instead")
    parser.add_argument("--rate", type=float, metavar="R", help="at most so many a second (default: no limit)")
    parser.add_argument("--seed", type=int, default=1, help="another number generates other messages (default 1)")


def run(args: argparse.Namespace) -> int:
    from watershed.cli.message_lines import read_file
    from watershed.declarations import find_stream
    from watershed.settings import load_kafka, topic_name
    from watershed.synthetic.producer import produce, verify_topic

    stream = find_stream(args.stream)
    if (args.file is None) == (args.generate is None):
        raise InvalidInput("name a file (- is standard input) or say --generate N")
    if any(number is not None and number <= 0 for number in (args.generate, args.rate)):
        raise InvalidInput("--generate and --rate are numbers above zero")
    messages = read_file(stream, args.file) if args.file else generate_messages(stream, args)
    topic, properties = topic_name(stream.topic), load_kafka()
    verify_topic(topic, properties)
    delivery = produce(messages, topic, properties, args.rate)
    print(f"{len(delivery.acknowledged):,} of {count_nouns(delivery.count, 'message')} acknowledged")
    if delivery.failed:
        reasons = ", ".join(sorted(set(delivery.failed.values())))
        raise InvalidInput(f"{count_nouns(len(delivery.failed), 'message')} did not arrive: {reasons}")
    return 0


def generate_messages(stream: "Stream", args: argparse.Namespace) -> "Iterable[Message]":
    """As the project's generators make them. Raises NotFound where it has none."""
    from watershed.project import find_module

    generators = find_module("sample.generate.streams")
    make = getattr(generators, f"make_{stream.name}", None)
    if make is None:
        raise NotFound(f"nothing generates messages of {stream.name}: send a file of them")
    return make(args.generate, args.seed, args.rate)
