"""What goes wrong while somebody reads the lake is one sentence: what, where, and what to do."""

from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from watershed.cli.main import main

pytestmark = pytest.mark.servers


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("trace core.requests --where nix=1", 'Binder Error: Referenced column "nix" not found in FROM clause!'),
        ("trace nix.requests --where true", "Catalog Error: Table with name "),
        ("sql SELECT(1/0)::DATE", "Conversion Error: Unimplemented type for cast (DOUBLE -> DATE)"),
        ("sql FROM(VALUES('a'))t(v)WHERE(v::INT=1)", "Conversion Error: Could not convert string 'a' to INT32"),
        (
            "sql --snapshot 9999999999 FROM(VALUES(1))",
            "there is no snapshot 9999999999 in the lake: it has expired, or never was; the nearest is ",
        ),
        ("export /nowhere/lake.duckdb", "/nowhere/lake.duckdb is not written: IO Error: Cannot open file"),
    ],
)
def test_a_mistake_is_one_sentence(
    module_lake: EmptyLake, command: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command.split()) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"watershed: {sentence}")
    assert told.count("\n") == 1
    assert "--debug" not in told


def test_far_times_are_told_as_they_are(module_lake: EmptyLake, capsys: pytest.CaptureFixture[str]) -> None:
    """Also what older rules let into a table."""
    from watershed.warehouse.connection import connect

    row = "'infinity'::TIMESTAMP AS requested_at, 'c' AS client_host, 200 AS status, 'o' AS raw_object, 1 AS raw_line"
    connect().execute(f"INSERT INTO core.requests BY NAME SELECT {row}")
    for form, told in (("csv", "at\ninfinity\n"), ("json", '[{"at": "infinity"}]\n')):
        assert main(["sql", "SELECT requested_at AS at FROM core.requests", "--format", form]) == 0
        assert capsys.readouterr().out == told


def test_a_file_that_cannot_be_written_leaves_nothing(
    module_lake: EmptyLake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "lake.duckdb"
    folder.mkdir()
    assert main(["export", str(folder), "--force"]) == 1
    assert capsys.readouterr().err.startswith(f"watershed: {folder} is not written: ")
    assert list(tmp_path.iterdir()) == [folder]
