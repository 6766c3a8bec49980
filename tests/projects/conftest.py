"""The wheel, built and installed once for all new projects."""

from pathlib import Path

import pytest

from tests.wheel import build_wheel, install_wheel


@pytest.fixture(scope="package")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="package")
def python(wheel: Path) -> Path:
    """The Python of an environment with the wheel."""
    return install_wheel(wheel, wheel.parent / "environment")
