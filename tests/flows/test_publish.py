"""Publishing again what is published already."""

from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.runs import begin
from watershed.errors import InvalidInput
from watershed.flows.ingest.land import land_file
from watershed.flows.ingest.publish import publish_source
from watershed.flows.step_files import VERSION
from watershed.lake.store import open_store, step_key
from watershed.warehouse.connection import connect

pytestmark = pytest.mark.servers


def test_repeated_publish_changes_nothing(lake: EmptyLake, tmp_path: Path) -> None:
    """As when somebody clears the task `publish` alone: the same files are not registered a second time."""
    log = tmp_path / "access-2026-11-01.log"
    log.write_text("02:49:12 127.0.0.1 GET /img13.jpg 200\nno line of any form\n")
    land_file("access_logs", log)
    main("access_logs", "once")
    before = connect().execute("SELECT id FROM ducklake_current_snapshot('lake')").fetchone()
    again = publish_source(begin("access_logs", "once"))
    assert (again.snapshot,) == before
    assert connect().execute("SELECT id FROM ducklake_current_snapshot('lake')").fetchone() == before
    counts = "SELECT (SELECT count(*) FROM core.requests), (SELECT count(*) FROM quarantine.requests)"
    assert connect().execute(counts).fetchone() == (1, 1)
    store, key = open_store(), step_key("once", "check_requests")
    store.write_json(key, store.read_json(key) | {"version": VERSION + 1, "seen_by": "a newer one"})
    with pytest.raises(InvalidInput, match="run once was begun by a newer Watershed"):
        publish_source(begin("access_logs", "once"))
