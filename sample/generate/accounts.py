"""Rows of the application's database, day by day: people join, buy cameras, upload, change things and leave.

A day is a folder with `users.csv`, `cameras.csv` and `photos.csv`, each the rows made or changed that day as they then
were, and `deleted.csv`, the keys that went away. sample/apply_accounts.py brings them into PostgreSQL.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from watershed.declarations import find_table
from watershed.synthetic.clock import DAY_SECONDS, find_epoch, format_moment

TABLES = ("users", "cameras", "photos")  # parents before children, as foreign keys want it
NAMES = ["Ada", "Zoë", "O'Neill", "李雷", 'Bob "the lens"', "Mehmet, Jr.", "Ana", "Robert'); drop table users;--"]
COUNTRIES = ["DE", "FR", "US", "BR", "IN", "JP", None]
CAMERAS = [("Nokia", "808"), ("Apple", "iPhone 12"), ("Canon", "EOS R6"), ("FUJIFILM", "X-T4"), ("Huawei", "P9")]
SHARE_CHANGED, SHARE_DELETED = 0.02, 0.005
CAMERAS_PER_USER, PHOTOS_PER_USER = 1.3, 8.0

Row = dict[str, Any]


@dataclass
class Database:
    """What exists, a dictionary of rows by key for each table, and what happened today."""

    rows: dict[str, dict[int, Row]] = field(default_factory=lambda: {name: {} for name in TABLES})
    touched: dict[str, dict[int, Row]] = field(default_factory=lambda: {name: {} for name in TABLES})
    deleted: list[tuple[str, int]] = field(default_factory=list)
    last_key: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TABLES, 0))

    def put(self, table: str, row: Row) -> int:
        """Add a new row under the next key; returns the key."""
        key = self.last_key[table] = self.last_key[table] + 1
        self.rows[table][key] = self.touched[table][key] = {find_key(table): key, **row}
        return key

    def change(self, table: str, key: int, **values: Any) -> None:
        self.rows[table][key] = self.touched[table][key] = self.rows[table][key] | values

    def delete(self, table: str, key: int) -> None:
        """Forget a row; made and gone on the same day, it was never there."""
        del self.rows[table][key]
        self.touched[table].pop(key, None)
        self.deleted.append((table, key))


def find_key(table: str) -> str:
    """The key column, from the contract."""
    return find_table(table).key[0]


def write_accounts(folder: Path, days: Sequence[date], rows: int, seed: int) -> dict[str, Any]:
    """Write folders for the days, about `rows` rows in all. Returns the truth: what is there after each day."""
    after = {}
    for day, database in live_days(days, rows, seed):
        after[str(day)] = count_day(database)
        write_changes(folder / str(day), database)
    return {"after": after}


def live_days(days: Sequence[date], rows: int, seed: int) -> Iterator[tuple[date, Database]]:
    """The one database at the end of each day, with what happened on that day."""
    users = max(10, round(rows / (1 + CAMERAS_PER_USER + PHOTOS_PER_USER)))
    database = Database()
    for number, day in enumerate(days):
        rng = np.random.default_rng([seed, 8, number])
        joining = users // 2 if number == 0 else max(1, users // 2 // len(days))
        live_day(rng, database, day, joining)
        yield day, database
        database.touched, database.deleted = {name: {} for name in TABLES}, []


def live_day(rng: np.random.Generator, database: Database, day: date, joining: int) -> None:
    """First the new rows, then changes of some old ones, then farewells."""
    old = {name: list(rows) for name, rows in database.rows.items()}
    moments = Moments(rng, day)
    for _ in range(joining):
        add_user(rng, database, moments)
    for key in draw_some(rng, old["users"], SHARE_CHANGED):
        database.change("users", key, email=f"new{key}@example.org", updated_at=moments.draw())
    for key in draw_some(rng, old["cameras"], SHARE_CHANGED):
        database.change("cameras", key, model=f"{database.rows['cameras'][key]['model']} II", updated_at=moments.draw())
    for key in draw_some(rng, old["photos"], SHARE_CHANGED):
        database.change("photos", key, file_bytes=int(rng.integers(10_000, 9_000_000)), updated_at=moments.draw())
    for key in draw_some(rng, old["photos"], SHARE_DELETED):
        database.delete("photos", key)
    for key in draw_some(rng, old["users"], SHARE_DELETED):
        delete_user(database, key)


@dataclass(frozen=True)
class Moments:
    """Moments of one day, as text."""

    rng: np.random.Generator
    day: date

    def draw(self) -> str:
        return format_moment(find_epoch(self.day) + int(self.rng.integers(0, DAY_SECONDS)))


def add_user(rng: np.random.Generator, database: Database, moments: Moments) -> None:
    joined = moments.draw()
    name, country = NAMES[rng.integers(0, len(NAMES))], COUNTRIES[rng.integers(0, len(COUNTRIES))]
    number = database.last_key["users"] + 1
    email = f"user{number}@example.org" if rng.random() < 0.95 else None
    stamps = {"created_at": joined, "updated_at": joined}
    user = database.put("users", {"user_name": f"{name} {number}", "email": email, "country": country, **stamps})
    owned: list[int | None] = [None]
    for _ in range(rng.poisson(CAMERAS_PER_USER)):
        maker, model = CAMERAS[rng.integers(0, len(CAMERAS))]
        owned.append(database.put("cameras", {"user_id": user, "maker": maker, "model": model, **stamps}))
    for _ in range(rng.poisson(PHOTOS_PER_USER)):
        add_photo(rng, database, user, owned[rng.integers(0, len(owned))], moments.draw())


def add_photo(rng: np.random.Generator, database: Database, user: int, camera: int | None, uploaded: str) -> None:
    path = f"/st/u{user}/1U{database.last_key['photos'] + 1:08}.jpg"
    size = int(rng.integers(10_000, 9_000_000))
    stamps = {"uploaded_at": uploaded, "updated_at": uploaded}
    database.put("photos", {"user_id": user, "camera_id": camera, "path": path, "file_bytes": size, **stamps})


def delete_user(database: Database, user: int) -> None:
    """The user with all photos and cameras, children first."""
    for table in ("photos", "cameras"):
        for key in [k for k, row in database.rows[table].items() if row["user_id"] == user]:
            database.delete(table, key)
    database.delete("users", user)


def draw_some(rng: np.random.Generator, keys: list[int], share: float) -> list[int]:
    """A share of the keys, at least one where there is any, in order."""
    return sorted(int(k) for k in rng.choice(keys, max(1, round(len(keys) * share)), replace=False)) if keys else []


def count_day(database: Database) -> dict[str, dict[str, int]]:
    """Per table: rows that exist at the end of the day, rows made or changed, rows deleted; bytes of the photos."""
    gone = [table for table, _ in database.deleted]
    counts = {
        name: {"rows": len(rows), "touched": len(database.touched[name]), "deleted": gone.count(name)}
        for name, rows in database.rows.items()
    }
    counts["photos"]["file_bytes"] = sum(photo["file_bytes"] for photo in database.rows["photos"].values())
    return counts


def write_changes(folder: Path, database: Database) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        columns = [column.name for column in find_table(name).columns]
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(database.touched[name].values())
    with (folder / "deleted.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([("table_name", "key"), *database.deleted])
