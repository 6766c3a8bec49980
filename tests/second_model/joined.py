"""The second model as a part of the project, as if its files lay there."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import contracts
import models
from watershed.declarations import forget_contracts
from watershed.models.model import Model, find_model

FOLDER = Path(__file__).parent


@contextmanager
def join_project() -> Iterator[Model]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contracts, "__path__", [*contracts.__path__, str(FOLDER / "contracts")])
        patch.setattr(models, "__path__", [*models.__path__, str(FOLDER / "models")])
        forget_contracts()
        yield find_model("weekdays")
    for name in [name for name in sys.modules if name.startswith("models.weekdays")]:
        del sys.modules[name]
    forget_contracts()
