"""What a run has taken is read as it was written, by this Watershed or an older one; what a newer one wrote is not."""

import json
import zipfile
from typing import Any

import pytest

from tests.old_lake import FOLDER
from watershed.declarations import find_source
from watershed.errors import InvalidInput
from watershed.flows.landed import MeasuredContent, Decided, Landed, ParkedMessages, Settled
from watershed.flows.step_files import VERSION, verify_version
from watershed.warehouse.ledger.rows import OffsetRow

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


def read_old(step: str) -> dict[str, Any]:
    """What a step of every run of the lake of 0.1.0 has left, by key."""
    with zipfile.ZipFile(FOLDER / "objects.zip") as objects:
        keys = [key for key in objects.namelist() if key.startswith("runs/ingest_") and key.endswith(f"/{step}.json")]
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
