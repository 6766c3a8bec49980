"""Send photo events at a rate, or as fast as the broker takes them, and keep the ids of those acknowledged.

`python -m benchmarks.produce_events --rate 14000 --seconds 300 --acknowledged ids.txt`: an event's id is RUN-NUMBER.
The bench compares the file with the table.
"""

import argparse
import os
import time
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from watershed.declarations import find_stream
from watershed.settings import load_kafka, topic_name
from watershed.synthetic.messages import Message
from watershed.synthetic.producer import Delivery, produce

CHUNK = 1000  # events that say the same time
USERS = 900_000
ADD = '"event":"addPhoto","user":{user},"path":"/st/u{user}/1U6uF147Fy{n}.jpg","bytes":4624507,"camera":33,"version":1'
UPDATE = '"event":"updatePhotoData","title":"Harbor {n}","version":2'
REPLACE = '"event":"replacePhoto","path":"/st/u{user}/1U6uF147Fy{n}-2.jpg","bytes":4624508,"version":3'
STORY = ((ADD, 0), (ADD, 0), (ADD, 0), (UPDATE, 3), (ADD, 0), (ADD, 0), (REPLACE, 5), (ADD, 0))  # of the photo before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, help="events a second (default: as many as the broker takes)")
    parser.add_argument("--seconds", type=float, default=10, help="with --rate, how long (default 10)")
    parser.add_argument("--count", type=int, help="how many events, instead of --seconds")
    parser.add_argument("--topic", help="topic as the broker knows it (default: that of photo_events)")
    parser.add_argument("--run", default=f"{time.time_ns():x}", help="the events' ids start with it")
    parser.add_argument("--acknowledged", type=Path, metavar="FILE", help="where to write their ids, one a line")
    args = parser.parse_args()
    count = args.count or round((args.rate or 100_000) * args.seconds)
    topic = args.topic or topic_name(find_stream("photo_events").topic)
    events: Iterable[Message] = make_events(args.run, count)
    if args.rate is None:
        events = list(events)  # made before, so that the client and the broker are what is measured
    began, spent = time.monotonic(), os.times()
    delivery = produce(events, topic, load_kafka(), args.rate)
    took, ended = time.monotonic() - began, os.times()
    acknowledged = delivery.acknowledged
    if args.acknowledged:
        args.acknowledged.write_text("".join(f"{args.run}-{number}\n" for number in acknowledged))
    cpu = ended.user + ended.system - spent.user - spent.system
    speed = f"{took:.2f} s, {len(acknowledged) / took:,.0f}/s, {cpu:.2f} s CPU"
    print(f"{len(acknowledged):,} of {count:,} events acknowledged: {speed}")
    report_failures(delivery)


def report_failures(delivery: Delivery) -> None:
    for reason in sorted(set(delivery.failed.values())):
        print(f"{list(delivery.failed.values()).count(reason):,} not: {reason}")


def make_events(run: str, count: int) -> Iterator[Message]:
    """Events of photos that come, get titles and are replaced, by devices whose clocks are right.

    Their bodies are made once: text is what costs.
    """
    story = STORY * (CHUNK // len(STORY))
    bodies = [body.format(n=n, user=1 + n * 7919 % USERS).encode() for n, (body, _) in enumerate(story)]
    form = b'{"event_id":"%b-%d","id":%d,%b,"leader":"phone-1","at":"%b"}'
    first_photo = zlib.crc32(run.encode()) * 100_000_000  # of each run others
    for first in range(0, count, CHUNK):
        now = datetime.now(UTC).isoformat().encode()
        for n, (body, (_, back)) in enumerate(zip(bodies[: count - first], story, strict=False), first):
            photo = first_photo + n - back
            yield Message(form % (run.encode(), n, photo, body, now), b"%d" % photo)


if __name__ == "__main__":
    main()
