"""What a step of a run has left is read as it was written, by this Watershed or an older one, and no newer one."""

import json
import zipfile
from datetime import date, datetime
from typing import Any

import pytest

from tests.old_lake import FOLDER
from watershed.declarations import find_source
from watershed.errors import InvalidInput
from watershed.flows.checked import Checked, DayCount
from watershed.flows.landed import Decided, Landed, MeasuredContent, ParkedMessages, Settled
from watershed.flows.staged import Lateness, Staged, StagedTable, Tally
from watershed.flows.step_files import VERSION, verify_version
from watershed.quality.verdict import RuleResult
from watershed.warehouse.ledger.rows import ExtractionRow, OffsetRow

OFFSETS = OffsetRow("photo_events", "photo_events", "raw/photo_events/1", 3, 0, 12, 11, 1)
GROWN = Settled(["b"], {"a": "b"}, {"c": "c is not b"}, {"b": MeasuredContent(9, "f00", None)}, 41)
TAKEN = {
    "files": Landed(find_source("access_logs"), GROWN, is_rebuild=True, accepted=["b"]),
    "messages": Landed(find_source("photo_events"), Settled(["m"]), layer="core", offsets=[OFFSETS]),
    "replayed": Landed(
        find_source("watch_events"),
        Settled(["m"]),
        layer="speed",
        decision=Decided("d1", "ann", "repaired", 3),
        parked=ParkedMessages("s3://lake/runs/r/parked.parquet", ["watch_events"]),
    ),
}


SEEN = ExtractionRow(
    "accounts", "raw/accounts/1", 4, datetime(2026, 11, 2), datetime(2026, 11, 1, 9, 0, 0, 7), "0/1A", "7", 1, None
)
COUNTED = {"a": Tally(9, 1, 2, 3, 3), "b": Tally()}
STAGED = {
    "records": Staged(
        {"requests": StagedTable(["s3://f"], ["s3://r"], COUNTED, [Lateness(3, 0.5, -1.0, 2.0, -1.0)], 4)},
        {"c": "c cannot be read"},
        {"a.b": {"string": "a"}},
        ms=12,
    ),
    "histories": Staged(
        {"users": StagedTable(tallies=COUNTED, absent={"a": ["country"]})},
        extractions=[SEEN],
        snapshot=7,
        folded=3,
        is_rebuild=True,
    ),
}
CHECKED = Checked(
    files=["s3://f"],
    quarantine=[],
    tallies=COUNTED,
    written={"a": 3},
    quarantined={"b": 2},
    days=[DayCount("a", date(2026, 11, 1), 3)],
    checks=[RuleResult("columns", None, "critical", 3, 0, True, "as declared")],
    blocked="",
    ms=5,
)


def read_old(step: str) -> dict[str, Any]:
    """What a step has left in every run of the lake of 0.1.0, by key."""
    with zipfile.ZipFile(FOLDER / "objects.zip") as objects:
        keys = [key for key in objects.namelist() if key.startswith("runs/ingest_") and f"/{step}" in key]
        return {key: json.loads(objects.read(key)) for key in keys}


@pytest.mark.parametrize("landed", TAKEN.values(), ids=TAKEN)
def test_what_was_taken_comes_back(landed: Landed) -> None:
    told = json.loads(json.dumps(landed.to_json()))
    assert Landed.from_json(told) == landed


def test_what_0_1_0_took_is_read() -> None:
    for key, told in read_old("land").items():
        verify_version(told, key)
        landed = Landed.from_json(told)
        assert (landed.source.name, landed.objects, landed.is_rebuild) == (
            told["source"], told["objects"], told["rebuild"],
        ), key  # fmt: skip
        settled = landed.settled
        assert (settled.superseded, settled.snapshot) == (told.get("superseded", {}), told.get("snapshot")), key
        assert {name: list(content) for name, content in settled.contents.items()} == told.get("contents", {}), key
        assert (landed.layer, len(landed.offsets)) == (told.get("layer"), len(told.get("offsets", ()))), key
        assert landed.tables, key
        assert told.items() <= json.loads(json.dumps(landed.to_json())).items(), key


def test_a_decision_of_0_1_0_is_read() -> None:
    noted = {"decision_id": "d1", "decided_by": "ann", "reason": "repaired"}
    told = {"source": "watch_events", "objects": ["m"], "rebuild": False, "layer": "speed"}
    parked = {"file": "s3://lake/runs/r/parked.parquet", "tables": ["watch_events"]}
    landed = Landed.from_json(told | {"decision": noted | {"row_count": 3}, "parked": parked})
    assert landed == TAKEN["replayed"]
    assert Landed.from_json({"source": "access_logs", "objects": []}) == Landed(
        find_source("access_logs"), Settled([])
    )  # decided, and carried out by somebody else meanwhile
    assert Landed.from_json(told | {"decision": noted}).decision == Decided("d1", "ann", "repaired")


def test_what_a_newer_watershed_left_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"run r1 was begun by a newer Watershed.* start the run again"):
        verify_version({"version": VERSION + 1, "source": "access_logs"}, "r1")
    verify_version({"version": VERSION}, "r1")


@pytest.mark.parametrize("staged", STAGED.values(), ids=STAGED)
def test_what_is_staged_comes_back(staged: Staged) -> None:
    assert Staged.from_json(json.loads(json.dumps(staged.to_json()))) == staged


def test_what_is_checked_comes_back() -> None:
    assert Checked.from_json(json.loads(json.dumps(CHECKED.to_json()))) == CHECKED
    assert CHECKED.holds({"b"}) and not CHECKED.holds({"c"})


def test_what_0_1_0_staged_and_checked_is_read() -> None:
    told = read_old("stage")
    assert told
    for key, old in told.items():
        staged = Staged.from_json(old)
        written = json.loads(json.dumps(staged.to_json()))
        assert Staged.from_json(written) == staged, key
        for name, table in old.pop("tables").items():
            assert table.items() <= written["tables"][name].items(), key
        assert old.items() <= written.items(), key
    told = read_old("check_")
    assert told
    for key, old in told.items():
        assert json.loads(json.dumps(Checked.from_json(old).to_json())) == old, key


def test_tallies_add_up() -> None:
    table = StagedTable(tallies={"a": Tally(9, 1, 2, 3, 3), "b": Tally(read=2, written=2)})
    assert table.total == Tally(11, 1, 2, 3, 5)
