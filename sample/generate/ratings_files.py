"""Rating files: `user::item::rating::epoch` a day, and the titles of all films with their running times."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np

from sample.generate.films import Films
from watershed.synthetic.clock import draw_seconds, find_epoch
from watershed.synthetic.dirt import Dirt, draw_dirty, spoil_lines
from watershed.synthetic.lines import format_numbers, join_texts, make_texts, pick_texts, write_lines
from watershed.synthetic.truth import SourceTruth

USERS = 20_000
RATING_MAX = 10

DIRT = (
    Dirt("ratings", "malformed", b"17::{film}"),
    Dirt("ratings", "malformed", b"seventeen::{film}::7::1593093600"),
    Dirt("ratings", "malformed", b"17,{film},7,1593093600"),
    Dirt("ratings", "unreadable", b"17::caf\xe9\xff::7::1593093600"),
    Dirt("ratings", "rating", b"17::{film}::11::1593093600"),
    Dirt("ratings", "user_id", b"0::{film}::7::1593093600"),
)


def write_ratings_files(folder: Path, films: Films, days: Sequence[date], rows: int, seed: int) -> SourceTruth:
    """Write `rows` ratings, a file a day, and one file of titles. Returns the truth."""
    truth = SourceTruth(objects=1, lines=len(films.titles))
    write_titles(folder / "titles.dat", films, truth)
    for number, day in enumerate(days):
        share = rows * (number + 1) // len(days) - rows * number // len(days)
        write_ratings(np.random.default_rng([seed, 6, number]), folder / f"ratings-{day}.dat", films, day, share, truth)
        truth.objects += 1
        truth.lines += share
    return truth


def write_titles(path: Path, films: Films, truth: SourceTruth) -> None:
    """`silent+harbor+1987::Silent Harbor (1987)::Crime|Drama::104 min`, a line a film."""
    shown = zip(films.ids, films.titles, films.years.tolist(), films.genres, films.minutes.tolist(), strict=True)
    lines = [f"{i}::{title}{f' ({year})' if year else ''}::{g}::{m} min\n" for i, title, year, g, m in shown]
    write_lines(path, make_texts(lines))
    titles = truth.tables["film_titles"]
    titles.rows += len(lines)
    titles.sums["length_minutes"] += int(films.minutes.sum())


def write_ratings(rng: np.random.Generator, path: Path, films: Films, day: date, rows: int, truth: SourceTruth) -> None:
    film, rating = films.draw(rng, rows), rng.integers(0, RATING_MAX + 1, rows)
    epoch = find_epoch(day) + np.sort(draw_seconds(rng, rows))
    item = pick_texts(films.id_texts, film)
    user = format_numbers(rng.integers(1, USERS, rows))
    lines = join_texts(user, b"::", item, b"::", format_numbers(rating), b"::", format_numbers(epoch))
    dirty = draw_dirty(rng, rows)
    lines = spoil_lines(rng, lines, dirty, DIRT, truth, film=[f.encode() for f in films.ids])
    write_lines(path, join_texts(lines, b"\n"))
    truth.tables["ratings"].add_rows(str(day), int((~dirty).sum()), rating=rating[~dirty].sum())
