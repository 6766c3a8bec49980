"""A file of the project that cannot be loaded is told by its name and line, and is no defect of the engine."""

from pathlib import Path

import pytest

from tests.checkout import REPOSITORY, Checkout


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("\nfrom contracts.gone import SHOP\n", "contracts/broken.py, line 2, cannot be loaded: ModuleNotFoundError: "),
        ("X = 1\n\nY = Z\n", "contracts/broken.py, line 3, cannot be loaded: NameError: name 'Z' is not defined; "),
        ("def f(:\n", "contracts/broken.py, line 1, cannot be loaded: SyntaxError: invalid syntax; mend it"),
    ],
    ids=["what it imports", "a name", "syntax"],
)
def test_a_contract_that_cannot_be_loaded(content: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "contracts").mkdir()
    for file in ("airflow.cfg", "contracts/__init__.py"):
        (tmp_path / file).touch()
    (tmp_path / "contracts" / "broken.py").write_text(content)
    done = Checkout(REPOSITORY).run("watershed", "new-source", "doors", "logs", WATERSHED_PROJECT=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith(f"watershed: {told}") and done.stderr.count("\n") == 1
