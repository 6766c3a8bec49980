"""A project that has no model: the engine's tables of models are not there, and nothing asks for them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.checkout import REPOSITORY

LISTED = """
from watershed.declarations import list_tables
from watershed.flows.upkeep.expire import expire_snapshots
from watershed.lineage.graph import draw_graph
from watershed.models.registry import find_champion
from watershed.warehouse.schema.table_pages import render_pages

assert expire_snapshots and find_champion
print(*sorted(table.address for table in list_tables()), *sorted(draw_graph().nodes))
render_pages({})
"""


def test_the_engine_needs_no_model(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "airflow.cfg", tmp_path)
    for name in ("__init__", "owners", "roles", "requests"):
        (tmp_path / "contracts").mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / "contracts" / f"{name}.py", tmp_path / "contracts")
    for room, names in {"transforms": ["__init__", "requests"], "expectations": ["__init__", "requests"]}.items():
        (tmp_path / room).mkdir()
        for name in names:
            shutil.copy(REPOSITORY / room / f"{name}.py", tmp_path / room)
    for folder in ("marts", "views"):
        (tmp_path / "warehouse" / folder).mkdir(parents=True)
    # The engine alone on the import path: the project of the checkout beside it is out of reach.
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "watershed").symlink_to(REPOSITORY / "watershed")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "engine"), "WATERSHED_PROJECT": str(tmp_path)}
    told = subprocess.run([sys.executable, "-c", LISTED], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert told.stdout.split() == ["core.requests", "core.requests", "raw/access_logs"]
