"""What goes wrong with servers, keys, files and arguments is one sentence each: what, where, and what to do."""

import re
from pathlib import Path

import duckdb
import pytest
from botocore.exceptions import ClientError

from tests.flows.logs import make_log
from watershed.cli import main as cli
from watershed.cli.sentences import describe_error
from watershed.errors import InvalidInput
from watershed.warehouse.connection import explain_failure, forget_engines

AWAY = {
    "WATERSHED_BUCKET": "bucket-7",
    "WATERSHED_S3_ENDPOINT": "http://127.0.0.1:9",
    "WATERSHED_S3_ACCESS_KEY": "key",
    "WATERSHED_S3_SECRET_KEY": "s3cret",
    "WATERSHED_READER_S3_ACCESS_KEY": "key",
    "WATERSHED_READER_S3_SECRET_KEY": "s3cret",
    "WATERSHED_CATALOG_URL": "postgresql://catalog:s3cret@127.0.0.1:9/lake",
    "WATERSHED_READER_CATALOG_URL": "postgresql://reader:s3cret@127.0.0.1:9/lake",
}


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of servers that are not there."""
    for name, value in AWAY.items():
        monkeypatch.setenv(name, value)
    forget_engines()


S3_AWAY = "the S3 server at http://127.0.0.1:9 does not answer: `watershed up` starts the local one, or set WATERSHED_"
CATALOGUE_AWAY = (
    "the lake's catalogue at 127.0.0.1:9/lake cannot be attached (Connection refused): `watershed up` starts the local "
    "one, or set WATERSHED_CATALOG_URL"
)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["land", "access_logs", "a.log"], S3_AWAY),
        (["ledger"], CATALOGUE_AWAY),
        (["refused", "access_logs"], CATALOGUE_AWAY),
        (["sql", "SELECT 1"], CATALOGUE_AWAY),
        (["trace", "core.requests", "--where", "true"], CATALOGUE_AWAY),
        (["pin", "x", "--reason", "y"], "PostgreSQL at 127.0.0.1:9/lake cannot be used (Connection refused"),
        (["trace", "ml.models", "--where", "true"], "ml.models is made of other tables, not of raw objects"),
    ],
)
def test_servers_that_are_away(
    away: None, arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.log").write_bytes(make_log(1))
    assert cli.main(arguments) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"watershed: {sentence}")
    assert told.count("\n") == 1 and "s3cret" not in told and "--debug" not in told


@pytest.mark.parametrize("code", ["403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied"])
def test_key_that_is_not_accepted(away: None, code: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": "no"}}, "HeadObject")
    told = describe_error(error)
    assert told.startswith("the S3 server at http://127.0.0.1:9 does not accept the key for bucket bucket-7: set ")


def test_bucket_that_is_not_there(away: None) -> None:
    error = ClientError({"Error": {"Code": "NoSuchBucket", "Message": "no"}}, "ListObjectsV2")
    assert describe_error(error).startswith("there is no bucket bucket-7 at http://127.0.0.1:9: make it")


def test_objects_that_duckdb_cannot_read(away: None) -> None:
    """Also where a command has made a sentence of DuckDB's own words."""
    refused = duckdb.HTTPException("HTTP Error: HTTP GET error reading 'http://127.0.0.1:9/b/x' (HTTP 403 Forbidden)")
    gone = duckdb.IOException("IO Error: Could not connect to server error for HTTP GET to 'http://127.0.0.1:9/b/x'")
    for error, sentence in ((refused, "does not accept the key"), (gone, "does not answer")):
        wrapped = InvalidInput(str(error))
        wrapped.__cause__ = error
        assert sentence in describe_error(error) and sentence in describe_error(wrapped)
    spoken = InvalidInput("Binder Error: no column x")
    spoken.__cause__ = duckdb.BinderException("Binder Error: no column x")
    assert describe_error(spoken) == "Binder Error: no column x"


def test_catalogue_of_another_bucket(away: None) -> None:
    from watershed.settings import load_settings

    text = 'DATA_PATH parameter "s3://b/lake/" does not match existing data path in the catalog "s3://other/lake/".'
    told = str(explain_failure(load_settings(), duckdb.Error(text), None))
    assert told == "the catalogue 127.0.0.1:9/lake is that of the bucket s3://other: set WATERSHED_BUCKET to it"


def test_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(OSError) as found:
        (tmp_path / "missing").read_bytes()
    assert describe_error(found.value) == f"{tmp_path / 'missing'}: No such file or directory"


@pytest.mark.parametrize(
    "arguments",
    [
        ["land", "access_logs", "a.log", "--date", "2026-13-01"],
        ["run", "ingest_access_logs", "--from", "yesterday"],
        ["run", "build_marts", "--to", "1.5.2026"],
        ["generate", "--start", "2024-02-30"],
        ["ledger", "--limit", "-1"],
        ["trace", "core.requests", "--where", "true", "--limit", "many"],
        ["replay", "photo_events", "--limit", "0"],
    ],
)
def test_arguments_are_explained_in_words(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(arguments)
    told = capsys.readouterr().err
    assert re.search(r"is not a day: (?:write one as|did you mean) |is not a number of rows: write 1 or more", told)
    assert "fromisoformat" not in told and "int value" not in told


@pytest.mark.parametrize(
    "defect", [KeyError("tables"), LookupError("tables"), ValueError("x"), IndexError(), TypeError("no")]
)
def test_defects_are_called_so(defect: Exception) -> None:
    """Nobody is told a word without a kind, and nobody looks for a mistake of theirs."""
    try:
        raise defect
    except Exception as error:
        told = describe_error(error)
    kind = type(defect).__name__
    assert re.match(rf"{kind}(: .+)? at test_sentences\.py, line \d+: this is a defect; ", told) and "--debug" in told
