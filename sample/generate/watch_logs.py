"""Streaming logs: minutes watched, ratings and recommendation requests, a file a server and day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from sample.generate.films import Films
from watershed.synthetic.clock import DAY_SECONDS, draw_seconds, format_times, order_as_logged
from watershed.synthetic.dirt import Dirt, draw_dirty, spoil_lines
from watershed.synthetic.lines import (
    Texts,
    format_numbers,
    join_texts,
    make_texts,
    pick_texts,
    replace_texts,
    write_lines,
)
from watershed.synthetic.truth import SourceTruth

FILE_LINES = 1_000_000
USERS = 900_000
WATCH, RATE, RECOMMEND = 0, 1, 2
KIND_SHARES = np.cumsum([0.97, 0.02, 0.01])
SHARE_TO_MINUTE = 0.02
SHARE_SPACED = 0.03
RECOMMENDERS = 16
ANSWERS = 500
FAILURE = "java.net.ConnectException: Connection refused"

DIRT = (
    Dirt("watch_minutes", "malformed", b"{day}T13:44:14,{user}"),
    Dirt("watch_minutes", "malformed", b"{day}T13:44:14,{user},GET /data/m/"),
    Dirt("watch_minutes", "malformed", b"{day}T13:44:14,nobody,GET /data/m/{film}/7.mpg"),
    Dirt("watch_minutes", "malformed", b"2020-13-45T99:99:99,{user},GET /data/m/{film}/7.mpg"),
    Dirt("watch_minutes", "malformed", b"#### streaming server restarted ####"),
    Dirt("watch_minutes", "unreadable", b"{day}T13:44:14,{user},GET /data/m/caf\xe9+\xff\xfe/7.mpg"),
    Dirt("watch_minutes", "unreadable", b"{day}T13:44:14,{user},GET /data/m/{film}\x00/7.mpg"),
    Dirt("watch_minutes", "minute", b"{day}T13:44:14,{user},GET /data/m/{film}/70000.mpg"),
    Dirt("watch_minutes", "user_id", b"{day}T13:44:14,0,GET /data/m/{film}/7.mpg"),
    Dirt("ratings", "rating", b"{day}T13:44,{user},GET /rate/{film}=0"),
    Dirt("ratings", "rating", b"{day}T13:44,{user},GET /rate/{film}=11"),
    Dirt("recommendation_requests", "status",
         b"{day}T13:44:14,{user},recommendation request recommender-1:8082, status 999, result: {film}, 12 ms"),
)  # fmt: skip


@dataclass(frozen=True)
class Events:
    """The lines of one file as numbers, in the order logged."""

    kind: np.ndarray
    second: np.ndarray
    user: np.ndarray
    film: np.ndarray
    minute: np.ndarray
    rating: np.ndarray
    server: np.ndarray
    answer: np.ndarray
    response_ms: np.ndarray


@dataclass(frozen=True)
class Answers:
    """What recommenders answer: the text logged, the status, and how many films it names (none: it failed)."""

    texts: Texts
    statuses: Texts
    films: np.ndarray


def write_watch_logs(folder: Path, films: Films, days: Sequence[date], rows: int, seed: int) -> SourceTruth:
    """Write `rows` lines, spread evenly over the days, as files of at most a million lines. Returns the truth."""
    truth = SourceTruth()
    answers = make_answers(films, np.random.default_rng([seed, 2]))
    for number, day in enumerate(days):
        day_rows = rows * (number + 1) // len(days) - rows * number // len(days)
        servers = max(1, -(-day_rows // FILE_LINES))
        for server in range(servers):
            share = day_rows * (server + 1) // servers - day_rows * server // servers
            rng = np.random.default_rng([seed, 3, number, server])
            newline = b"\r\n" if number % 5 == 4 else b"\n"  # one of the servers' loggers is from another world
            lines = write_day(rng, films, answers, day, share, newline, truth)
            write_lines(folder / f"watch-{day}-server{server:02}.log", lines)
            truth.objects += 1
            truth.lines += share
    return truth


def write_day(
    rng: np.random.Generator,
    films: Films,
    answers: Answers,
    day: date,
    rows: int,
    newline: bytes,
    truth: SourceTruth,
) -> Texts:
    events = draw_events(rng, films, rows)
    return join_texts(spoil_events(rng, events, films, answers, day, truth)[0], newline)


def spoil_events(
    rng: np.random.Generator, events: Events, films: Films, answers: Answers, day: date, truth: SourceTruth
) -> tuple[Texts, np.ndarray]:
    """The lines with some dirt among them, all counted in the truth; and which of them are dirty."""
    dirty = draw_dirty(rng, len(events.kind))
    count_events(truth, events, films, answers, day, ~dirty)
    values = {
        "day": [str(day).encode()],
        "user": [str(u).encode() for u in rng.integers(1, USERS, 100)],
        "film": [f.encode() for f in films.ids],
    }
    lines = format_events(rng, events, films, answers, day)
    return spoil_lines(rng, lines, dirty, DIRT, truth, **values), dirty


def draw_events(rng: np.random.Generator, films: Films, rows: int) -> Events:
    """Sessions of consecutive minutes, with a rating or a request for recommendations here and there."""
    film = films.draw(rng, rows)  # a session has a minute at least, so that as many sessions as rows are enough
    first = np.where(rng.random(rows) < 0.7, 0, (rng.random(rows) * films.minutes[film]).astype(np.int64))
    watched = np.minimum(rng.geometric(1 / 40, rows), films.minutes[film] - first)
    ends = np.cumsum(watched)
    session = np.repeat(np.arange(rows), watched)[:rows]
    minute = first[session] + np.arange(rows) - (ends - watched)[session]
    started = draw_seconds(rng, rows)
    second = (started[session] + 60 * (minute - first[session]) + rng.integers(0, 3, rows)) % DAY_SECONDS
    order = order_as_logged(rng, second)
    user = rng.integers(1, USERS, rows)[session]
    return Events(
        kind=np.searchsorted(KIND_SHARES, rng.random(rows)).clip(max=RECOMMEND),
        second=second[order],
        user=user[order],
        film=film[session][order],
        minute=minute[order],
        rating=rng.choice(5, rows, p=[0.05, 0.1, 0.25, 0.35, 0.25]) + 1,
        server=rng.integers(1, RECOMMENDERS + 1, rows),
        answer=rng.integers(0, ANSWERS, rows),
        response_ms=rng.lognormal(4.6, 0.6, rows).astype(np.int64),
    )


def make_answers(films: Films, rng: np.random.Generator) -> Answers:
    ids = films.ids
    counts = np.where(rng.random(ANSWERS) < 0.02, 0, rng.integers(1, 21, ANSWERS))
    named = [", ".join(ids[i] for i in films.draw(rng, n)) if n else FAILURE for n in counts]
    return Answers(make_texts(named), make_texts(["200" if n else "500" for n in counts]), counts)


def format_events(rng: np.random.Generator, events: Events, films: Films, answers: Answers, day: date) -> Texts:
    """The log lines, without newlines: some with minutes only, some with a space after each comma."""
    rows = len(events.kind)
    comma = pick_texts(make_texts([",", ", "]), (rng.random(rows) < SHARE_SPACED).astype(np.int64))
    times = format_times(events.second, rng.random(rows) < SHARE_TO_MINUTE)
    paths = join_texts(
        b"GET /data/m/", pick_texts(films.id_texts, events.film), b"/", format_numbers(events.minute), b".mpg"
    )
    rated, recommended = events.kind == RATE, events.kind == RECOMMEND
    paths = replace_texts(paths, rated, format_ratings(events, films, rated))
    paths = replace_texts(paths, recommended, format_recommendations(events, answers, recommended))
    return join_texts(str(day).encode() + b"T", times, comma, format_numbers(events.user), comma, paths)


def format_ratings(events: Events, films: Films, rated: np.ndarray) -> Texts:
    film = pick_texts(films.id_texts, events.film[rated])
    return join_texts(b"GET /rate/", film, b"=", format_numbers(events.rating[rated]))


def format_recommendations(events: Events, answers: Answers, asked: np.ndarray) -> Texts:
    answer = events.answer[asked]
    server, took = format_numbers(events.server[asked]), format_numbers(events.response_ms[asked])
    status, result = pick_texts(answers.statuses, answer), pick_texts(answers.texts, answer)
    asking = (b"recommendation request recommender-", server, b":8082, status ", status)
    return join_texts(*asking, b", result: ", result, b", ", took, b" ms")


def count_events(
    truth: SourceTruth, events: Events, films: Films, answers: Answers, day: date, clean: np.ndarray
) -> None:
    watched, rated, asked = (clean & (events.kind == kind) for kind in (WATCH, RATE, RECOMMEND))
    at = str(day)
    minutes = truth.tables["watch_minutes"]
    minutes.add_rows(at, int(watched.sum()), minute=events.minute[watched].sum())
    minutes.add_seen("film_id", at, films.ids, events.film[watched])
    truth.tables["ratings"].add_rows(at, int(rated.sum()), rating=events.rating[rated].sum())
    named = answers.films[events.answer[asked]]
    sums = {"films": named.sum(), "response_ms": events.response_ms[asked].sum(), "failed": (named == 0).sum()}
    truth.tables["recommendation_requests"].add_rows(at, int(asked.sum()), **sums)
