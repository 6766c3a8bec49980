"""Column lineage as a file: worked out once a version of the code, where a process of its own would do it every time.

To build a transform's expression takes a third of a second, and a task of Airflow is a new process. The file lies in
the folder of local state and can be deleted at any time.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from uuid import uuid4

from watershed.lineage.origins import ColumnOrigin, Lineage
from watershed.project import find_project
from watershed.settings import find_home

ENGINE = Path(__file__).resolve().parent.parent
ROOMS = ("declarations", "lineage", "sources", "transforms")
PROJECTS_ROOMS = ("contracts", "models", "transforms", "warehouse")


@cache
def recall_columns(address: str) -> Lineage:
    """As `trace_columns`, from the file if it is there, else to the file."""
    path = find_home() / "lineage" / f"{hash_code()}-{address}.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        return read_lineage(path.read_text())
    from watershed.lineage.columns import trace_columns

    lineage = trace_columns(address)
    with suppress(OSError):  # a worker without a disk works it out every time
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{uuid4().hex}")
        draft.write_text(json.dumps(asdict(lineage)))
        draft.replace(path)
    return lineage


def read_lineage(text: str) -> Lineage:
    told = json.loads(text)
    columns = {name: tuple(ColumnOrigin(**o) for o in origins) for name, origins in told["columns"].items()}
    return Lineage(columns, tuple(ColumnOrigin(**o) for o in told["rows"]), told["expressions"])


@cache
def hash_code() -> str:
    """Of every file that lineage is read from: some hundred small ones, a few milliseconds."""
    digest = hashlib.sha256()
    project = find_project()
    for room in (*(ENGINE / name for name in ROOMS), *(project / name for name in PROJECTS_ROOMS)):
        for path in sorted(room.rglob("*")):
            if path.suffix in (".py", ".sql"):
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
