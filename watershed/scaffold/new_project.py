"""A new project: what every project has, and a first source of one kind with a mart, sample data and tests.

Files whose name ends in `.template` are texts of a project. Those in `copied/` are the same in every project; some of
them are links to this repository's own files, so that there is one text. Those in `filled/` and `kinds/` have
`$source`, `$table`, `$project` and `$version` in them, and SOURCE and TABLE in their names.
"""

import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from string import Template

FOLDER = Path(__file__).parent / "project"
# The first source of each kind, and its table. A local stack has a database for a source called accounts.
FIRST = {
    "logs": ("door_events", "door_events"),
    "documents": ("parcels", "parcels"),
    "oltp": ("accounts", "members"),
    "kafka": ("clicks", "clicks"),
}
# What the tests and the lint of a project need of the engine's own tools.
TOOLS = ("iniconfig", "packaging", "pluggy", "pygments", "pytest", "ruff")
EXECUTABLE = (".ci/run",)


def compose_project(name: str, kind: str) -> Iterator[tuple[str, str]]:
    """Path and text of every file but those of the source itself."""
    source, table = FIRST[kind]
    values = {"project": name, "version": version("watershed"), "source": source, "table": table}
    yield from read_texts(FOLDER / "copied")
    for folder in (FOLDER / "filled", FOLDER / "kinds" / kind):
        for path, text in read_texts(folder):
            place = path.replace("SOURCE", source).replace("TABLE", table)
            yield place, Template(text).substitute(values)
    yield "requirements.txt", f"{read_pins('requirements.txt')}watershed=={version('watershed')}\n"
    tools = re.compile(rf"({'|'.join(TOOLS)})==.*")
    yield (
        "requirements-dev.txt",
        "".join(f"{pin}\n" for pin in read_pins("requirements-dev.txt").splitlines() if tools.fullmatch(pin)),
    )


def read_texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Path in the project, and text, of every template; `dot_` in a name is the dot of a hidden file."""
    for path in sorted(folder.rglob("*.template")):
        place = path.relative_to(folder).as_posix().removesuffix(".template")
        yield re.sub(r"(^|/)dot_", r"\1.", place), path.read_text()


def read_pins(name: str) -> str:
    return (FOLDER / "pins" / f"{name}.template").read_text()
