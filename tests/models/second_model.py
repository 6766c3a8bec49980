"""The model of docs/add_a_model.md as a part of the project, as if the page's files lay there."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import contracts
import expectations
import models
from tests.docs.page import REPOSITORY, read_blocks
from watershed.declarations import forget_contracts
from watershed.models.model import Model, find_model

PAGE = REPOSITORY / "docs" / "add_a_model.md"
PACKAGES = (contracts, expectations, models)


@contextmanager
def join_project() -> Iterator[Model]:
    """Of its files, the DAGs are for whoever asks: they lie in `dags/` of the folder that `models/` lies in."""
    with TemporaryDirectory(prefix="watershed-model-") as folder, pytest.MonkeyPatch.context() as patch:
        write_files(Path(folder))
        for package in PACKAGES:
            patch.setattr(package, "__path__", [*package.__path__, str(Path(folder) / package.__name__)])
        forget_contracts()
        yield find_model("weekdays")
    for name in [name for name in sys.modules if name.startswith(("models.weekdays", "expectations.weekday_films"))]:
        del sys.modules[name]
    forget_contracts()


def write_files(folder: Path) -> None:
    for block in read_blocks(PAGE):
        if block.name:
            path = folder / block.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)


def find_dags(model: Model) -> Path:
    return model.query.parents[2] / "dags"
