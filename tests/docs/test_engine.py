"""Every name that docs/engine.md promises can be imported from the module that it names."""

import re
from importlib import import_module

import pytest

from tests.docs.page import REPOSITORY

PAGE = (REPOSITORY / "docs" / "engine.md").read_text()
PROMISED = [
    (module, name)
    for module, names in re.findall(r"`(watershed\.[\w.]+)`: ((?:`\w+`(?:, )?)+)", PAGE)
    for name in re.findall(r"`(\w+)`", names)
]


@pytest.mark.parametrize(("module", "name"), PROMISED, ids=lambda part: part)
def test_a_promised_name_is_there(module: str, name: str) -> None:
    assert hasattr(import_module(module), name)


def test_the_page_promises_what_new_projects_use() -> None:
    """Files that `watershed init` and `watershed new-source` import nothing else, but of the sources' JSON."""
    templates = (REPOSITORY / "watershed" / "scaffold" / "templates").rglob("*.template")
    imported = {
        (module, name)
        for path in templates
        for module, names in re.findall(r"^from (watershed\.[\w.]+) import (.+)$", path.read_text(), re.MULTILINE)
        for name in names.split(", ")
    }
    internal = {one for one in imported - set(PROMISED) if not one[0].startswith("watershed.sources.json")}
    assert internal == set()
