"""Generated data is the same for the same seed, and its truth is what an independent reading of the files counts."""

import csv
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sample.apply_accounts import SCHEMA_FILE, apply_accounts
from sample.generate import generate_data
from sample.generate.accounts import TABLES
from tests.empty_lake import EmptyLake
from tests.runs import begin
from watershed.declarations import find_table
from watershed.flows.ingest.land import land_file
from watershed.flows.run import run_source

DAYS = [date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 2)]
ROWS = 20_000
GENERATE = (
    "import sys; from datetime import date; from pathlib import Path; from sample.generate import generate_data;"
    "generate_data(Path(sys.argv[1]), [date(2024, 2, 29), date(2024, 3, 1)], 2000, int(sys.argv[2]))"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("generated")
    generate_data(out, DAYS, ROWS, seed=7)
    return out


@pytest.fixture(scope="module")
def truth(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "truth.json").read_text())


def hash_folder(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def read_lines(folder: Path, pattern: str) -> list[bytes]:
    files = sorted(folder.glob(pattern))
    contents = [gzip.decompress(f.read_bytes()) if f.suffix == ".gz" else f.read_bytes() for f in files]
    return [line for content in contents for line in content.splitlines()]


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    runs = (("one", "1", "0"), ("two", "1", "1"), ("other", "2", "0"))
    for name, seed, hash_seed in runs:
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        subprocess.run([sys.executable, "-c", GENERATE, str(tmp_path / name), seed], env=environment, check=True)
    assert hash_folder(tmp_path / "one") == hash_folder(tmp_path / "two")
    assert hash_folder(tmp_path / "one") != hash_folder(tmp_path / "other")


def test_objects_and_lines_are_counted(folder: Path, truth: dict[str, Any]) -> None:
    for name in ("access_logs", "watch_logs", "ratings_files"):
        source = truth["sources"][name]
        assert len(list((folder / name).iterdir())) == source["objects"]
        assert len(read_lines(folder / name, "*")) == source["lines"]
        assert balance(source) == source["lines"]


def balance(source: dict[str, Any]) -> int:
    """What the truth says became of the lines, all tables together."""
    tables = source["tables"].values()
    return sum(t["rows"] + t["deduplicated"] + sum(t["quarantined"].values()) for t in tables)


def test_watch_minutes_are_true(folder: Path, truth: dict[str, Any]) -> None:
    form = re.compile(rb"(\d{4}-\d\d-\d\d)T[\d:]+, ?(\d+), ?GET /data/m/([a-z0-9+]+)/(\d{1,3})\.mpg")
    found = [m for line in read_lines(folder / "watch_logs", "*") if (m := form.fullmatch(line)) and m[2] != b"0"]
    films = Counter(m[3].decode() for m in found if m[1] == b"2024-02-29")
    table = truth["sources"]["watch_logs"]["tables"]["watch_minutes"]
    good = [m for m in found if int(m[1][:4]) == 2024 and int(m[1][5:7]) <= 12]
    assert len(good) == table["rows"] > 0.95 * 0.97 * ROWS
    assert sum(int(m[4]) for m in good) == table["sums"]["minute"]
    assert dict(table["top"]["film_id"]["2024-02-29"]).items() <= films.items()
    assert min(dict(table["top"]["film_id"]["2024-02-29"]).values()) >= sorted(films.values())[-10]


def test_short_lines_and_minutes_only_occur(folder: Path) -> None:
    lines = read_lines(folder / "watch_logs", "*")
    assert sum(bool(re.match(rb"\d{4}-\d\d-\d\dT\d\d:\d\d,", line)) for line in lines) > 100
    assert sum(b", GET" in line for line in lines) > 100


def test_requests_are_true(folder: Path, truth: dict[str, Any]) -> None:
    short = re.compile(rb"([01]\d|2[0-3]):\d\d:\d\d \S+ [A-Z]+ (/[\w.]*) [1-5]\d\d()")
    apache = re.compile(
        rb'\S+ - - \[\d\d/(?:Feb|Mar)/2024:[\d:]{8} \+0\d00\] "[A-Z]+ (/[\w.]*)(\?\S+)? HTTP/1.1" [1-5]\d\d (\d+|-)'
    )
    rows = [m for line in read_lines(folder / "access_logs", "access-2*") if (m := short.fullmatch(line))]
    more = [m for line in read_lines(folder / "access_logs", "access-c*") if (m := apache.match(line))]
    table = truth["sources"]["access_logs"]["tables"]["requests"]
    assert len(rows) + len(more) == table["rows"]
    assert sum(int(m[3]) for m in more if m[3] != b"-") == table["sums"]["response_bytes"]


def test_top_pages_of_a_day(folder: Path, truth: dict[str, Any]) -> None:
    lines = read_lines(folder / "access_logs", "access*2024-03-01*")
    pages = Counter(m[1].decode() for line in lines if (m := re.search(rb"[A-Z]+ (/[\w.]*)(?:\?\S+)?[ \"]", line)))
    top = truth["sources"]["access_logs"]["tables"]["requests"]["top"]["path"]["2024-03-01"]
    assert [page for page, _ in top[:3]] == [page for page, _ in pages.most_common(3)]


def test_documents_are_true(folder: Path, truth: dict[str, Any]) -> None:
    delivered: list[tuple[str, Any]] = []
    for file in sorted((folder / "photo_documents").glob("*.json")):
        delivered += [(file.name, document) for document in json.loads(file.read_text())]
    for file in sorted((folder / "photo_documents").glob("*.ndjson")):
        lines = [line for line in file.read_bytes().splitlines() if line.startswith(b'{"id": "1U')]
        delivered += [(file.name, json.loads(line)) for line in lines]
    distinct = {(name, json.dumps(document)) for name, document in delivered}
    table = truth["sources"]["photo_documents"]["tables"]["photo_documents"]
    assert len(distinct) == table["rows"]
    assert len(delivered) - len(distinct) == table["deduplicated"] > 0
    assert sum(json.loads(text)["size"]["bytes"] for _, text in distinct) == table["sums"]["file_bytes"]


def test_accounts_columns_are_the_contracts(folder: Path) -> None:
    for name in TABLES:
        with (folder / "accounts" / str(DAYS[0]) / f"{name}.csv").open(newline="") as file:
            assert next(csv.reader(file)) == [column.name for column in find_table(name).columns]


@pytest.mark.servers
def test_accounts_arrive_as_told(folder: Path, truth: dict[str, Any], lake: EmptyLake) -> None:
    url = lake.environment["WATERSHED_ACCOUNTS_URL"]
    for _ in range(2):  # the second time changes nothing
        assert apply_accounts(url, folder / "accounts") == len(DAYS)
        expected = truth["accounts"]["after"][str(DAYS[-1])]
        with psycopg.connect(url) as connection:
            for name in TABLES:
                found = connection.execute(f"select count(*) from {name}").fetchone()  # type: ignore[arg-type]
                assert found == (expected[name]["rows"],)
            bytes_found = connection.execute("select sum(file_bytes)::bigint from photos").fetchone()
            assert bytes_found == (expected["photos"]["file_bytes"],)


@pytest.mark.servers
def test_foreign_accounts_stay(folder: Path, lake: EmptyLake) -> None:
    url = lake.environment["WATERSHED_ACCOUNTS_URL"]
    with psycopg.connect(url) as connection:
        connection.execute(SCHEMA_FILE.read_text())
        connection.execute("insert into users values (1, 'somebody real', null, null, now(), now())")
    with pytest.raises(ValueError, match="holds users of other data"):
        apply_accounts(url, folder / "accounts")
    with psycopg.connect(url) as connection:
        assert connection.execute("select user_name from users").fetchall() == [("somebody real",)]


@pytest.mark.servers
@pytest.mark.parametrize("source", ["ratings_files", "watch_logs", "access_logs", "photo_documents"])
def test_the_platform_finds_the_truth(source: str, folder: Path, truth: dict[str, Any], module_lake: EmptyLake) -> None:
    for path in sorted((folder / source).iterdir()):
        land_file(source, path)
    published = run_source(begin(source, source))
    assert published is not None and published.refused == {}
    for name, told in truth["sources"][source]["tables"].items():
        found = published.tables[name]
        assert found.rows == told["rows"], name
        assert found.quarantined == sum(told["quarantined"].values()), name
        assert find_table(name).day is None or found.days == list(told["days"]), name
