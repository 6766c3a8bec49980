"""Access logs of three web servers: one writes the short form, one the common, one the combined form, gzipped."""

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from watershed.synthetic.clock import (
    draw_seconds,
    format_apache_day,
    format_apache_times,
    format_times,
    order_as_logged,
)
from watershed.synthetic.dirt import Dirt, draw_dirty, spoil_lines
from watershed.synthetic.lines import (
    Texts,
    format_numbers,
    join_texts,
    make_texts,
    pick_texts,
    replace_texts,
    view_bytes,
)
from watershed.synthetic.truth import SourceTruth

PAGES = ["/", "/favicon.ico", "/search", "/upload", *(f"/img{n}.jpg" for n in range(400))]
QUERIES = ["", "?page=2", "?q=harbor&sort=new", "?utm_source=mail%20letter"]
METHODS = ["GET", "GET", "GET", "GET", "POST", "HEAD"]
STATUSES = np.array([200] * 80 + [304] * 10 + [404] * 7 + [301, 403, 500])
REFERRERS = ["-", "-", "https://photos.example/", "https://search.example/?q=harbor+at+night"]
AGENTS = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (compatible; Bot/2.1; +https://search.example/bot.html)",
    "-",
]
ZONE_HOURS = 2  # of the server that writes the combined form

MALFORMED = (b"13:44:14 10.0.0.1", b"---- log rotated ----", b"GET /img1.jpg 200")
UNREADABLE = (b"13:44:14 10.0.0.1 GET /caf\xe9\xff 200", b"13:44:14 10.0.0.1 GET /img\x001.jpg 200")
SHORT_DIRT = (
    *(Dirt("requests", "malformed", text) for text in MALFORMED),
    *(Dirt("requests", "unreadable", text) for text in UNREADABLE),
    Dirt("requests", "malformed", b"25:61:61 10.0.0.1 GET /img1.jpg 200"),
    Dirt("requests", "status", b"13:44:14 10.0.0.1 GET /img1.jpg 999"),
)
APACHE_DIRT = (
    *(Dirt("requests", "malformed", text) for text in MALFORMED),
    *(Dirt("requests", "unreadable", text) for text in UNREADABLE),
    Dirt("requests", "malformed", b'10.0.0.1 - - [{day}13:44:14 +0000] "GET /img1.jpg HTT'),
    Dirt("requests", "malformed", b'10.0.0.1 - - [31/Foo/2020:13:44:14 +0000] "GET /img1.jpg HTTP/1.1" 200 17'),
    Dirt("requests", "status", b'10.0.0.1 - - [{day}13:44:14 +0000] "GET /img1.jpg HTTP/1.1" 999 17'),
)


@dataclass(frozen=True)
class Requests:
    """The requests of one file as numbers, in the order logged. `sizes` counts only where the form logs a size."""

    second: np.ndarray
    client: np.ndarray
    page: np.ndarray
    query: np.ndarray
    method: np.ndarray
    status: np.ndarray
    sizes: np.ndarray
    referrer: np.ndarray
    agent: np.ndarray


def write_access_logs(folder: Path, days: Sequence[date], rows: int, seed: int) -> SourceTruth:
    """Write `rows` lines as three files a day, one of each form. Returns the truth."""
    truth = SourceTruth()
    forms: tuple[tuple[str, Callable[[Requests, date], Texts]], ...] = (
        ("access-{day}.log", format_short),
        ("access-common-{day}.log", format_common),
        ("access-combined-{day}.log.gz", format_combined),
    )
    files = [(day, name.format(day=day), spell) for day in days for name, spell in forms]
    folder.mkdir(parents=True, exist_ok=True)
    for number, (day, name, spell) in enumerate(files):
        share = rows * (number + 1) // len(files) - rows * number // len(files)
        requests = draw_requests(np.random.default_rng([seed, 4, number]), share)
        lines = write_form(np.random.default_rng([seed, 5, number]), requests, day, spell, truth)
        content = view_bytes(lines)
        (folder / name).write_bytes(gzip.compress(content, 1, mtime=0) if name.endswith(".gz") else content)
        truth.objects += 1
        truth.lines += share
    return truth


def write_form(
    rng: np.random.Generator,
    requests: Requests,
    day: date,
    spell: Callable[[Requests, date], Texts],
    truth: SourceTruth,
) -> Texts:
    """The lines of one file, dirt included, and their truth."""
    dirty = draw_dirty(rng, len(requests.second))
    count_requests(truth, requests, day, ~dirty, has_sizes=spell is not format_short)
    stamp = [format_apache_day(day).encode()]
    kinds = SHORT_DIRT if spell is format_short else APACHE_DIRT
    return join_texts(spoil_lines(rng, spell(requests, day), dirty, kinds, truth, day=stamp), b"\n")


def draw_requests(rng: np.random.Generator, rows: int) -> Requests:
    weights = 1 / (np.arange(len(PAGES)) + 1.5)
    second = draw_seconds(rng, rows)
    return Requests(
        second=second[order_as_logged(rng, second)],
        client=rng.integers(0, 1 << 24, rows),
        page=np.searchsorted(np.cumsum(weights) / weights.sum(), rng.random(rows)).clip(max=len(PAGES) - 1),
        query=rng.integers(0, len(QUERIES), rows) * (rng.random(rows) < 0.2),
        method=rng.integers(0, len(METHODS), rows),
        status=STATUSES[rng.integers(0, len(STATUSES), rows)],
        sizes=rng.lognormal(9.0, 1.5, rows).astype(np.int64),
        referrer=rng.integers(0, len(REFERRERS), rows),
        agent=rng.integers(0, len(AGENTS), rows),
    )


def format_short(requests: Requests, day: date) -> Texts:
    """`02:49:12 127.0.0.1 GET /img13.jpg 200`; the day is in the file's name."""
    target = pick_texts(make_texts(PAGES), requests.page)
    who = join_texts(format_times(requests.second), b" ", format_clients(requests.client), b" ")
    return join_texts(
        who, pick_texts(make_texts(METHODS), requests.method), b" ", target, b" ", format_numbers(requests.status)
    )


def format_common(requests: Requests, day: date, zone_hours: int = 0) -> Texts:
    """`127.0.0.1 - - [25/Jun/2020:02:49:12 +0000] "GET /img13.jpg HTTP/1.1" 200 1834`."""
    request = (pick_texts(make_texts(METHODS), requests.method), b" ", format_targets(requests), b' HTTP/1.1" ')
    stamp = format_apache_times(day, requests.second, zone_hours)
    result = join_texts(format_numbers(requests.status), b" ", format_sizes(requests))
    return join_texts(format_clients(requests.client), b" - - [", stamp, b'] "', *request, result)


def format_combined(requests: Requests, day: date) -> Texts:
    """The common form, in local time, with the referrer and the user agent."""
    referrer = pick_texts(make_texts(REFERRERS), requests.referrer)
    agent = pick_texts(make_texts(AGENTS), requests.agent)
    return join_texts(format_common(requests, day, ZONE_HOURS), b' "', referrer, b'" "', agent, b'"')


def format_targets(requests: Requests) -> Texts:
    return join_texts(pick_texts(make_texts(PAGES), requests.page), pick_texts(make_texts(QUERIES), requests.query))


def format_sizes(requests: Requests) -> Texts:
    """The size, or `-` for a 304, which has none."""
    empty = requests.status == 304
    return replace_texts(format_numbers(requests.sizes), empty, make_texts(["-"] * int(empty.sum())))


def format_clients(client: np.ndarray) -> Texts:
    """Addresses of 10.0.0.0/8, and IPv6 for one client in eight."""
    high, middle, low = (format_numbers(client >> shift & 255) for shift in (16, 8, 0))
    modern = client % 8 == 0
    addresses = join_texts(b"10.", high, b".", middle, b".", low)
    return replace_texts(addresses, modern, join_texts(b"2001:db8::", format_numbers(client[modern] % 10_000)))


def count_requests(truth: SourceTruth, requests: Requests, day: date, clean: np.ndarray, has_sizes: bool) -> None:
    table, at = truth.tables["requests"], str(day)
    sized = clean & (requests.status != 304) & has_sizes
    errors = int((requests.status[clean] >= 400).sum())
    table.add_rows(at, int(clean.sum()), response_bytes=requests.sizes[sized].sum(), errors=errors)
    table.add_seen("path", at, PAGES, requests.page[clean])
