"""Synthetic data for every source, and the truth about it. The same seed gives the same bytes, on every machine."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from sample.generate.access_logs import write_access_logs
from sample.generate.accounts import write_accounts
from sample.generate.films import make_films
from sample.generate.photo_documents import write_photo_documents
from sample.generate.ratings_files import write_ratings_files
from sample.generate.watch_logs import write_watch_logs
from watershed.declarations.counting import count_nouns
from watershed.settings import SettingsMissing, source_url


def generate_data(
    out: Path, days: Sequence[date], rows: int, seed: int, watched: Sequence[date] | None = None
) -> dict[str, Any]:
    """Write a folder a source below `out`, and `truth.json`, which is also returned.

    `rows` is the number of lines of each log; there is a rating for every 20 of them, a document for every 100 and a
    database row for every 50. `watched`: the days of the streaming logs, where they are others.
    """
    films = make_films(seed)
    sources = {
        "access_logs": write_access_logs(out / "access_logs", days, rows, seed),
        "watch_logs": write_watch_logs(out / "watch_logs", films, watched or days, rows, seed),
        "ratings_files": write_ratings_files(out / "ratings_files", films, days, rows // 20, seed),
        "photo_documents": write_photo_documents(out / "photo_documents", days, rows // 100, seed),
    }
    truth: dict[str, Any] = {"seed": seed, "days": [str(day) for day in days]}
    truth["sources"] = {name: source.as_json() for name, source in sources.items()}
    truth["accounts"] = write_accounts(out / "accounts", days, rows // 50, seed)
    (out / "truth.json").write_text(json.dumps(truth, indent=1, ensure_ascii=False) + "\n")
    return truth


def hand_over(out: Path) -> list[str]:
    """What is not landed as files: the days of the accounts database are applied to it, if it answers. Returns what to
    tell of it."""
    from sample.apply_accounts import apply_accounts

    try:
        days = apply_accounts(source_url("accounts"), out / "accounts")
    except (SettingsMissing, psycopg.OperationalError):
        return ["accounts: no database answers; `watershed up`, then generate into another folder"]
    except ValueError as error:  # what is there stays
        return [f"accounts: {error}"]
    return [f"accounts: {count_nouns(days, 'day')} applied to the accounts database"]
