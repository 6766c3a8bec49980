"""What the pages say about a source, topic, mart and model makes new files and edits none, and tests go on passing.

One copy of the repository has them all. What the pages publish and ask, their own tests do.
"""

import re
import shlex
from pathlib import Path

import pytest

from tests.checkout import Checkout, copy_repository, list_added, list_edited
from tests.docs.page import REPOSITORY, read_blocks, split_console
from tests.docs.walk import follow

pytestmark = pytest.mark.servers  # needs none: `make test-quick` would run much of itself a second time
DOCS = REPOSITORY / "docs"
# Files that each page has you write. The test of what is new is among them; what the page has you send is not.
FILES = {
    "add_a_source.md": [
        "contracts/player_errors.py",
        "dags/ingest_player_errors.py",
        "expectations/player_errors.py",
        "tests/transforms/test_player_errors.py",
        "transforms/player_errors.py",
    ],
    "add_a_topic.md": [
        "contracts/photo_comments.py",
        "dags/ingest_photo_comments.py",
        "expectations/photo_comments.py",
        "tests/transforms/test_photo_comments.py",
        "transforms/photo_comments.py",
    ],
    "add_a_model.md": [
        "contracts/film_weekdays.py",
        "contracts/weekday_films.py",
        "dags/predict_weekdays.py",
        "dags/train_weekdays.py",
        "expectations/weekday_films.py",
        "models/weekdays/__init__.py",
        "models/weekdays/features.sql",
        "models/weekdays/predicting.py",
        "models/weekdays/training.py",
        "tests/models/test_weekdays.py",
    ],
    "add_a_mart.md": ["tests/warehouse/test_broken_links.py", "warehouse/marts/broken_links.sql"],
}
# Sources of each kind as the scaffold writes them, with nothing edited.
BARE = {"meters": "logs", "parcels": "documents", "shops": "oltp", "taps": "kafka"}
# Tests of every declaration there is, or of every file of the project: those that something new could fail.
ALL = r"load_(tables|sources|streams|features)|list_(tables|marts|views|columns|queries)|ROOMS|DAGS"
READS_ALL = re.compile(rf"\b({ALL})\b")
# Tests without cases, tests whose cases are folders, and of tests of one declared thing after the other the cases of
# what is new: those of what was there before read nothing of it.
CHOSEN = ("not [", "test_imports.py", "outlives", "player_errors", "photo_comments", "broken_links", *BARE)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy in which everything was written that the pages say, and what the scaffold writes."""
    copy = copy_repository(tmp_path_factory.mktemp("additions") / "watershed")
    for page in FILES:
        write_files(DOCS / page, copy)
    for source, kind in BARE.items():
        run(copy, f"new-source {source} {kind}")
    return copy


def write_files(page: Path, checkout: Checkout) -> None:
    for block in read_blocks(page):
        if block.language != "console" and block.name:
            follow(block, checkout)
        for command, _ in split_console(block.text) if block.language == "console" else ():
            if command.startswith("watershed new-"):
                run(checkout, command.removeprefix("watershed "))


def run(checkout: Checkout, words: str) -> None:
    done = checkout.run("watershed", *shlex.split(words))
    assert done.returncode == 0, done.stderr


def test_nothing_that_was_there_is_edited(checkout: Checkout) -> None:
    assert list_edited(checkout) == []
    written = {path for path in list_added(checkout) if "/" in path and not any(source in path for source in BARE)}
    assert written == {path for paths in FILES.values() for path in paths}


def test_tests_of_what_was_there_go_on_passing(checkout: Checkout) -> None:
    written = [path for path in list_added(checkout) if path.startswith("tests/")]
    chosen = f"({' or '.join(CHOSEN)}) and not deterministic"  # which takes as long as all others of DAGs
    options = ("-m", "not servers", "-k", chosen, "-p", "no:cacheprovider", "-n", "0")
    done = checkout.run("pytest", *options, *written, *list_tests_of_everything())
    assert done.returncode == 0, done.stdout[-5000:]


def list_tests_of_everything() -> list[str]:
    paths = [path for path in (REPOSITORY / "tests").rglob("test_*.py") if path != Path(__file__)]
    return sorted(path.relative_to(REPOSITORY).as_posix() for path in paths if READS_ALL.search(path.read_text()))
