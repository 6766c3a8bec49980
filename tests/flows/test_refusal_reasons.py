"""A refusal says why: reasons with counts and rows are kept, shown, and can be decided about."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.decisions import ask
from tests.flows.logs import land, make_log
from watershed.cli import main as cli
from watershed.flows.ingest.land import land_file
from watershed.flows.ingest.refusal_reasons import MOST_REASONS, SAMPLES, list_reasons

pytestmark = pytest.mark.servers

NOISE = b"".join(b"visitor %d of anna.smith\n" % n for n in range(1400))
OUT_OF_RANGE = b"".join(b'10.9.8.7 - - [22/May/2015:10:05:03 +0000] "GET /bad HTTP/1.1" 999 512\n' for _ in range(300))


@pytest.fixture(scope="module")
def refused(module_lake: EmptyLake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Keys of refused objects by name, of one run that published another one."""
    folder = tmp_path_factory.mktemp("refused")
    keys = {"good.log": land(folder, make_log(30), "good.log")}
    keys["noise.log"] = land(folder, make_log(100, "/n") + NOISE + OUT_OF_RANGE, "noise.log")
    keys["cut.gz"] = land(folder, gzip.compress(make_log(900, "/c"))[:-20], "cut.gz")
    main("access_logs", "one")
    lines = [json.dumps({"id": str(n), "size": {"width": -n}}) if n % 2 else "{broken" for n in range(3000)]
    keys["photos.ndjson"] = land(folder, "\n".join(lines).encode(), "photos.ndjson", "photo_documents")
    main("photo_documents", "two")
    yield keys


def test_reasons_have_counts_and_masked_rows(refused: dict[str, str]) -> None:
    first, second = list_reasons(refused["noise.log"])
    assert (first[:2], first[3]) == (("core.requests", "parse"), 1400)
    assert (second[0], second[3]) == ("core.requests", 300)
    assert "status" in second[1] + second[2]
    assert len(first[4]) == len(second[4]) == SAMPLES
    assert first[4][0].raw_line == 101
    shown = str([first, second])
    assert "anna" not in shown and "10.9.8.7" not in shown
    assert "xxxx.xxxxx" in shown and "/bad" in shown


def test_reasons_are_rows_of_the_ledger(refused: dict[str, str]) -> None:
    counted = dict(ask("SELECT raw_object, sum(row_count) FROM ledger.refusal_reasons GROUP BY ALL"))
    assert counted[refused["noise.log"]] == 1700
    assert counted[refused["photos.ndjson"]] >= 1500
    assert refused["good.log"] not in counted
    (sentence,) = ask(f"SELECT reason FROM ledger.refusals WHERE raw_object = '{refused['noise.log']}'")[0]
    assert sentence.startswith("1,700 of 1,800 rows of noise.log are bad for core.requests, whose contract")
    assert "more than 1,000 rows and more than 10% of all are bad" in sentence
    assert "(most often: " in sentence and "1,400 rows" in sentence


def test_object_that_cannot_be_read_has_its_sentence(refused: dict[str, str]) -> None:
    assert list_reasons(refused["cut.gz"]) == [
        (None, "object", "cut.gz is a gzip file that was cut off: have it delivered again", 0, [])
    ]


def test_documents_too(refused: dict[str, str]) -> None:
    reasons = list_reasons(refused["photos.ndjson"])
    assert {"parse"} <= {rule for _, rule, *_ in reasons}
    assert all(samples for _, rule, _, _, samples in reasons if rule == "parse")
    assert len(reasons) <= MOST_REASONS + 1


def test_command_shows_and_decides(refused: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["refused"]) == 0
    listed = "".join(capsys.readouterr().out.split())
    assert all(name in listed for name in ("noise.log", "cut.gz", "photos.ndjson"))
    assert cli.main(["refused", "noise.log", "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    first = shown["reasons"][0]
    assert (first["table"], first["rule"], first["rows"]) == ("core.requests", "parse", 1400)
    assert (shown["rows"][0]["line"], shown["rows"][0]["fields"]) == (101, {"line": "xxxxxxx 9 xx xxxx.xxxxx"})
    assert cli.main(["refused", "noise.log", "--publish-anyway", "--in-process"]) == 1
    assert "say why" in capsys.readouterr().err
    assert cli.main(["refused", "--publish-anyway", "--reason", "x"]) == 1
    assert cli.main(["refused", "unheard.log"]) == 1
    assert "'unheard.log' is not refused" in capsys.readouterr().err
    key = refused["noise.log"].rpartition("/")[2][:12]
    assert cli.main(["refused", key, "--publish-anyway", "--reason", "scanners", "--in-process"]) == 0
    assert ask("SELECT count(*) FROM core.requests") == [(130,)]
    assert ask("SELECT count(*) FROM quarantine.requests") == [(1700,)]
    assert ask("SELECT kind, reason, row_count FROM ledger.decisions JOIN ledger.outcomes USING (decision_id)") == [
        ("accept", "scanners", 100)
    ]
    assert cli.main(["refused", "noise.log"]) == 1  # it is no longer
    assert cli.main(["refused", "cut.gz", "--publish-anyway", "--reason", "x", "--in-process"]) == 1
    told = capsys.readouterr()
    assert "would be refused again, for nothing of it can be read: cut.gz is a gzip file that was cut off" in told.err
    assert "cut.gz" not in told.out
    assert ask("SELECT count(*) FROM ledger.decisions") == [(1,)]


def test_reasons_beyond_the_most_frequent_are_counted_together(
    refused: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watershed.flows.ingest.refusal_reasons.REASONS", with_limit(1))
    path = tmp_path / "more.log"
    path.write_bytes(NOISE[:30_000] + OUT_OF_RANGE + b"\xff\n" * 7)
    key = land_file("access_logs", path).key
    main("access_logs", "more")
    reasons = list_reasons(key)
    assert [rule for _, rule, *_ in reasons][-1] == "others" or reasons[0][1] == "others"
    assert sum(count for *_, count, _ in reasons) == path.read_bytes().count(b"\n")


def with_limit(count: int) -> str:
    from watershed.flows.ingest import refusal_reasons

    return refusal_reasons.REASONS.replace(f"<= {MOST_REASONS}", f"<= {count}")
