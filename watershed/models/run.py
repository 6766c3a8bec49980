"""What a run of a model works with: steps of a training that are kept, and files that predictions are staged in."""

import sys
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from duckdb import DuckDBPyConnection

from watershed.lake.store import Store, checkpoint_key, side_key, step_key, table_key
from watershed.warehouse.connection import quote

WEIGHTS_FILE = "weights.safetensors"


@dataclass(frozen=True)
class Kept:
    """What a training has done so far, by the run, so that a repeated task goes on where the last try ended."""

    model: str
    run_id: str
    store: Store

    @property
    def weights_uri(self) -> str:
        return self.checkpoints(WEIGHTS_FILE)

    def checkpoints(self, name: str) -> str:
        """A URI below which a part of the training keeps its states; they are removed once the model is published."""
        return self.store.address(checkpoint_key(self.model, self.run_id, name))

    def find(self, step: str) -> Any:
        """What an earlier try has kept of a step, or None."""
        return self.store.find_json(step_key(self.run_id, step))

    def keep(self, step: str, value: Any) -> None:
        self.store.write_json(step_key(self.run_id, step), value)

    @property
    def is_watched(self) -> bool:
        """Whether a progress bar is of use: in the log of a task it would be one long line."""
        return sys.stderr.isatty()


@dataclass(frozen=True)
class Last:
    """What is published: by which snapshot, from which, by which version of the model (None where nobody has any)."""

    published: int
    data_snapshot: int
    model_version: int | None


@dataclass(frozen=True)
class Choice:
    """What a run predicts, and `why`: for how many `units`, whose ids the Parquet `file` has (None: for all), with
    which version of the model, from which `snapshot`. `last`: what is published there, None where nothing is."""

    units: int | None
    why: str
    file: str | None
    snapshot: int
    model_version: int
    is_forced: bool
    last: Last | None


@dataclass
class Staging:
    """The files of a run of predictions, by table. Nobody can see them yet. `features`: the Parquet file of what is
    predicted from, in the order of the features' query.
    """

    con: DuckDBPyConnection
    store: Store
    run_id: str
    choice: Choice
    features: str
    files: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)

    def write(self, address: str, query: str) -> int:
        """Write the rows of a query as a file of a table, unless there are none. Returns how many there are."""
        file = self.store.address(table_key(address, f"{self.run_id}-{uuid4().hex[:12]}"))
        ((written,),) = self.con.execute(f"COPY ({query}) TO {quote(file)} (FORMAT parquet)").fetchall()
        self.files.setdefault(address, []).extend([file] if written else [])
        self.rows[address] = self.rows.get(address, 0) + int(written)
        return int(written)

    def refer(self, name: str, query: str) -> None:
        """Write a relation that the rules of the tables compare with, under a name of theirs (`Known.references`)."""
        address = self.store.address(side_key(self.run_id, name))
        self.con.execute(f"COPY ({query}) TO {quote(address)} (FORMAT parquet)")
        self.references[name] = address
