"""Bad input through the whole protocol: quarantined or refused, nothing else affected, books balanced.

Stories that share their runs: each lands objects of an origin of its own.
"""

import gzip
import json
import lzma
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.runs import begin
from tests.stories import Outcomes, Run, Story, find_stories
from watershed.flows.decisions.refused_objects import find_refused_objects
from watershed.flows.ingest.land import find_arrivals, land_file, take_arrivals
from watershed.flows.run import publish_taken
from watershed.warehouse.connection import connect

pytestmark = pytest.mark.servers

GOOD = b"02:49:12 127.0.0.1 GET /img13.jpg 200\n"
DATA = Path(__file__).parent.parent / "data"


def ingest(source: str, run_id: str) -> dict[str, str]:
    """All steps; returns the refused objects' sentences."""
    take_arrivals(begin(source, run_id))
    return publish_taken(begin(source, run_id)).refused


LOGS, DOCUMENTS, RATINGS = (partial(ingest, source) for source in ("access_logs", "photo_documents", "ratings_files"))


def land(source: str, folder: Path, name: str, content: bytes, origin: str) -> str:
    path = folder / name
    path.write_bytes(content)
    return land_file(source, path, origin=origin).key


def find_refused(*keys: str) -> dict[str, str]:
    """Those of the objects that were refused, with the sentences."""
    listed = ", ".join(f"'{key}'" for key in keys)
    refusals = connect().execute(f"SELECT raw_object, reason FROM ledger.refusals WHERE raw_object IN ({listed})")
    return dict(refusals.fetchall())


def count_rows(schema: str, *keys: str) -> int:
    listed = ", ".join(f"'{key}'" for key in keys)
    return count(f"SELECT count(*) FROM {schema}.requests WHERE raw_object IN ({listed})")


def count(query: str) -> int:
    row = connect().execute(query).fetchone()
    assert row is not None
    return int(row[0])


def assert_books_balance() -> None:
    assert (
        count(
            """SELECT count(*) FROM ledger.books
           WHERE rows_read <> rows_written + rows_quarantined + rows_deduplicated + rows_filtered"""
        )
        == 0
    )
    for table in ("requests", "photo_documents"):
        written = count(f"SELECT coalesce(sum(rows_written), 0) FROM ledger.books WHERE table_name = 'core.{table}'")
        assert written == count(f"SELECT count(*) FROM core.{table}")


BAD_LINES = {
    "invalid UTF-8": (b"02:49:13 127.0.0.1 GET /caf\xe9.jpg 200\n", 1),
    "NUL byte": (b"02:49:13 127.0.0.1 GET /\0.jpg 200\n", 1),
    "50 MB line": (b"02:49:13 127.0.0.1 GET /" + b"x" * 50_000_000 + b" 200\n", 1),
    "truncated last line": (b"02:49:1", 1),
    "status out of range": (b"02:49:13 127.0.0.1 GET /a.jpg 999\n", 1),
    "status no number": (b"02:49:13 127.0.0.1 GET /a.jpg 99999999999999999999\n", 1),
    "no such time": (b"25:99:99 127.0.0.1 GET /a.jpg 200\n", 1),
    "year 9999": (b'1.2.3.4 - - [01/Jan/9999:00:00:00 +0000] "GET / HTTP/1.1" 200 5\n', 1),
    "day that does not exist": (b'1.2.3.4 - - [31/Feb/2020:00:00:00 +0000] "GET / HTTP/1.1" 200 5\n', 1),
    "blank lines": (b"\n  \n\r\n", 0),
    "CRLF": (b"02:49:13 127.0.0.1 GET /a.jpg 200\r\n", 0),
    "lone CR": (b"02:49:13 127.0.0.1 GET /a\rb.jpg 200\n", None),
}


def bad_lines_harm_only_themselves(folder: Path) -> Iterator[Run]:
    """A file for each kind of bad line, all in one run: good lines before and behind keep their numbers."""
    files = {}
    for name, (line, _) in BAD_LINES.items():
        content = GOOD + line + (GOOD if line.endswith(b"\n") else b"")
        files[name] = (land("access_logs", folder, f"{name} 2026-11-01.log", content, "lines"), content)
    yield LOGS
    assert find_refused(*(key for key, _ in files.values())) == {}
    assert_books_balance()
    for name, (key, content) in files.items():
        bad = connect().execute(
            "SELECT raw_line, rule, reason FROM quarantine.requests WHERE raw_object = ?", [key]
        ).fetchall()
        quarantined = BAD_LINES[name][1]
        assert quarantined is None or len(bad) == quarantined, (name, bad)
        assert all(number == 2 and rule and reason for number, rule, reason in bad), (name, bad)
        lines = content.split(b"\n")
        good = {number for number, line in enumerate(lines, 1) if line + b"\n" == GOOD}
        found = connect().execute(
            "SELECT raw_line FROM core.requests WHERE raw_object = ? AND path = '/img13.jpg'", [key]
        ).fetchall()
        assert good == {row[0] for row in found}, name


def broken_gzip_is_refused_alone(folder: Path) -> Iterator[Run]:
    packed = gzip.compress(GOOD * 200_000)
    broken = land("access_logs", folder, "broken-2026-11-01.log.gz", packed[: len(packed) // 2], "gzip")
    fine = land("access_logs", folder, "fine-2026-11-01.log.gz", gzip.compress(GOOD * 7), "gzip")
    yield LOGS
    refused = find_refused(broken, fine)
    assert list(refused) == [broken] and "broken-2026-11-01.log.gz" in refused[broken]
    assert count_rows("core", broken, fine) == 7
    assert broken not in find_arrivals("access_logs")
    assert broken in [one.key for one in find_refused_objects()]


def garbage_over_budget_is_refused_alone(folder: Path) -> Iterator[Run]:
    content = GOOD + b"not a line of any form\n" * 5_000
    garbage = land("access_logs", folder, "garbage-2026-11-01.log", content, "garbage")
    fine = land("access_logs", folder, "fine-2026-11-01.log", GOOD * 3, "garbage")
    yield LOGS
    refused = find_refused(garbage, fine)
    assert list(refused) == [garbage] and "5,000 of 5,001 rows of garbage-2026-11-01.log" in refused[garbage]
    assert count_rows("core", garbage, fine) == 3
    assert count_rows("quarantine", garbage, fine) == 0
    assert_books_balance()


def noise_is_refused_whatever_its_size(folder: Path) -> Iterator[Run]:
    """Not one good row: refused as a whole. Nothing is not noise."""
    noise = {
        land("access_logs", folder, "page.log", b"<html>\n<body>Bad Gateway</body>\n</html>\n", "noise"),
        land("access_logs", folder, "one-2026-11-01.log", b"02:49:12 127.0.0.1 GET /a 999\n", "noise"),  # bad by a rule
        land("access_logs", folder, "binary.log", b"\xff\n" * 40, "noise"),
    }
    blank = land("access_logs", folder, "blank.log", b"\n \n", "noise")
    fine = land("access_logs", folder, "fine-2026-11-01.log", GOOD + b"bad\n" * 999, "noise")
    yield LOGS
    refused = find_refused(*noise, blank, fine)
    assert set(refused) == noise
    assert "page.log has not one good row for core.requests (3 bad): " in " ".join(refused.values())
    assert count_rows("quarantine", *noise, blank, fine) == 999
    assert not {*noise, blank, fine} & set(find_arrivals("access_logs"))
    assert_books_balance()


def documents_and_tables_together_can_be_noise(folder: Path) -> Iterator[Run]:
    """Files of two tables count together."""
    half = b'{"id": "1", "created_at": "2026-11-01T00:00:00Z"}\n{\n'
    documents = land("photo_documents", folder, "broken.json", b"{'id': 1}", "noise")
    fine = land("photo_documents", folder, "half.ndjson", half, "noise")
    yield DOCUMENTS
    assert set(find_refused(documents, fine)) == {documents}
    titles = b"1::Up (2009)::Comedy\n1::Up\n"  # good for one table, bad for one
    fine = land("ratings_files", folder, "titles.dat", titles, "noise")
    neither = land("ratings_files", folder, "no.dat", b"1::Up (2009)::Comedy::0 min\n1::Up\n", "noise")
    yield RATINGS
    refused = find_refused(neither, fine)
    assert set(refused) == {neither}
    assert "for core.ratings or core.film_titles (2 bad)" in refused[neither]


def containers_are_refused(folder: Path) -> Iterator[Run]:
    zipped = land("access_logs", folder, "day.log.zip", b"PK\x03\x04" + GOOD * 100, "containers")
    packed = land("access_logs", folder, "day-2026-11-01.log.xz", lzma.compress(GOOD * 100), "containers")
    yield LOGS
    refused = find_refused(zipped, packed)
    assert "day.log.zip is a zip archive, which is not read: unpack it" in refused[zipped]
    assert "day-2026-11-01.log.xz is an xz file, which is not read: unpack it" in refused[packed]
    assert count_rows("core", zipped, packed) == 0


def an_empty_file_and_the_same_file_twice(folder: Path) -> Iterator[Run]:
    empty = land("access_logs", folder, "empty.log", b"", "twice")
    one = land("access_logs", folder, "a-2026-11-01.log", GOOD, "twice")
    assert land("access_logs", folder, "copy-of-a-2026-11-01.log", GOOD, "twice") == one
    yield LOGS
    assert find_refused(empty, one) == {}
    assert count_rows("core", one) == 1
    assert not {empty, one} & set(find_arrivals("access_logs"))


def the_json_test_suite(folder: Path) -> Iterator[Run]:
    """Every object of a y_ document is in the table, all else in quarantine or refused, and none stops the run."""
    files = sorted((DATA / "json_test_suite").glob("*.json"))
    paths = {land_file("photo_documents", path, origin="suite").key: path for path in files}
    yield DOCUMENTS
    refused = find_refused(*paths)
    accepted = {row[0] for row in connect().execute("SELECT raw_object FROM core.photo_documents").fetchall()}
    rejected = {row[0] for row in connect().execute("SELECT raw_object FROM quarantine.photo_documents").fetchall()}
    for key, path in paths.items():
        if path.name.startswith("y_"):
            value = json.loads(path.read_bytes())
            are_objects = [isinstance(one, dict) for one in (value if isinstance(value, list) else [value])]
            assert (key in accepted) == any(are_objects), path.name
            assert (key in rejected | set(refused)) == (not all(are_objects)), path.name
        elif path.name.startswith("n_"):
            assert key in rejected | set(refused) and key not in accepted, path.name
    assert_books_balance()


def naughty_strings_survive(folder: Path) -> Iterator[Run]:
    """Every naughty string comes out as it went in: as the title, or where it cannot be one, among all the rest."""
    naughty = [text for text in json.loads((DATA / "naughty_strings" / "blns.json").read_text()) if text]
    lines = [json.dumps({"id": str(n), "title": text, "deep": {"text": text}}) for n, text in enumerate(naughty)]
    key = land("photo_documents", folder, "naughty.ndjson", "\n".join(lines).encode() + b"\n", "naughty")
    yield DOCUMENTS
    assert find_refused(key) == {}
    query = "SELECT document_id, coalesce(title, other->>'$.title') FROM core.photo_documents WHERE raw_object = ?"
    found = dict(connect().execute(query, [key]).fetchall())
    assert [found[str(n)] for n in range(len(naughty))] == naughty


STORIES = find_stories(globals())


@pytest.fixture(scope="module")
def outcomes(module_lake: EmptyLake, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    return Outcomes(STORIES, tmp_path_factory.mktemp("bad"))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_bad_input_harms_only_itself(outcomes: Outcomes, story: Story) -> None:
    outcomes.verify(story)


def test_only_garbage_changes_nothing(lake: EmptyLake, tmp_path: Path) -> None:
    land("access_logs", tmp_path, "garbage-2026-11-01.log", GOOD + b"garbage\n" * 5_000, "garbage")
    assert len(ingest("access_logs", "only")) == 1
    assert count("SELECT count(*) FROM core.requests") == 0
    assert count("SELECT count(*) FROM ledger.publishes") == 0


def test_day_that_nobody_named(lake: EmptyLake, tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(GOOD)
    with pytest.raises(ValueError, match="name the day with --date"):
        land_file("access_logs", path)
