"""A lake that version 0.1.0 wrote, as it was: its catalogue, its objects, and what was answered then."""

import gzip
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.empty_lake import EmptyLake, open_s3
from watershed.settings import load_settings
from watershed.warehouse.connection import connect, forget_engines

FOLDER = Path(__file__).parent / "data" / "lake_of_0.1.0"
NAME = "lakex0"  # of its bucket, and before its topics
METADATA = "metadata.json"


@dataclass(frozen=True)
class Question:
    """What was asked of the lake. `rows` are the answer, each value as Python writes it."""

    about: str
    query: str
    rows: list[list[str]]


def restore_lake(lake: EmptyLake) -> None:
    """Put it in the place of an empty lake: under that one's names, in a catalogue with nothing else."""
    dump = gzip.decompress((FOLDER / "catalog.sql.gz").read_bytes()).decode().replace(NAME, lake.bucket)
    forget_engines()
    with psycopg.connect(lake.catalog_url, autocommit=True) as catalog:
        for (table,) in catalog.execute("select tablename from pg_tables where schemaname = 'public'").fetchall():
            catalog.execute(sql.SQL("drop table {} cascade").format(sql.Identifier(table)))
        catalog.execute(dump.encode())
    client = open_s3()
    with zipfile.ZipFile(FOLDER / "objects.zip") as objects:
        metadata = json.loads(objects.read(METADATA))
        for key in [name for name in objects.namelist() if name != METADATA]:
            client.put_object(Bucket=lake.bucket, Key=key, Body=objects.read(key), Metadata=metadata.get(key, {}))


def read_questions() -> list[Question]:
    return [Question(**asked) for asked in json.loads((FOLDER / "questions.json").read_text())]


def ask(query: str) -> list[list[str]]:
    """Rows with each value as Python writes it."""
    name = load_settings().bucket
    return [[str(value).replace(name, NAME) for value in row] for row in connect().execute(query).fetchall()]


def list_changed(questions: list[Question]) -> dict[str, Any]:
    """What is answered now where it is something else, by what the question is about."""
    answers = {question.about: ask(question.query) for question in questions}
    return {
        question.about: answers[question.about] for question in questions if answers[question.about] != question.rows
    }
