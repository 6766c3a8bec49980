"""Other people's data comes with its licence."""

from fnmatch import fnmatch
from pathlib import Path

from tests.docs.page import REPOSITORY

FOLDERS = ("sample", "tests/data")
# Written here, computed from the data beside it, or its licence itself.
OURS = (
    *("README.md", "LICENSE", "facts.json", "difficult_tables.sql", "music.sql", "trading.sql", "accounts.sql"),
    *("catalog.sql.gz", "objects.zip", "questions.json"),
)


def list_files(folder: Path) -> list[Path]:
    """But for programs, which are ours."""
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]


def list_data() -> list[str]:
    files = [path for folder in FOLDERS for path in list_files(REPOSITORY / folder)]
    return [path.relative_to(REPOSITORY).as_posix() for path in files if path.name not in OURS]


def test_all_data_of_others_is_in_the_notice() -> None:
    lines = (REPOSITORY / "NOTICE").read_text().splitlines()
    named = [line for line in lines if line.startswith(FOLDERS)]
    missing = [file for file in list_data() if not any(covers(pattern, file) for pattern in named)]
    assert missing == []


def covers(pattern: str, file: str) -> bool:
    """A pattern names a file, several with `*`, or a folder with a slash at its end."""
    return fnmatch(file, pattern) or (pattern.endswith("/") and file.startswith(pattern))


def test_the_notice_names_no_file_that_is_gone() -> None:
    lines = (REPOSITORY / "NOTICE").read_text().splitlines()
    named = [line for line in lines if line.startswith(FOLDERS)]
    gone = [line for line in named if not any(covers(line, file) for file in list_data())]
    assert gone == []


def test_the_licence_is_apache_2() -> None:
    assert "Apache License" in Path(REPOSITORY / "LICENSE").read_text().splitlines()[0]
