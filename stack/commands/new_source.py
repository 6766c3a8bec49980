"""Write the files of a new source, ready to run: contract, transform, rules, DAG and a test.

No shared file is edited: contracts find each other, and Airflow finds the DAG. docs/add_a_source.md goes on from here,
and docs/add_a_topic.md for the kind kafka, whose topic is the name with dashes; `watershed up` makes it.
"""

import argparse
import keyword
import re
from collections.abc import Iterator
from pathlib import Path
from string import Template

REPOSITORY = Path(__file__).resolve().parents[2]
TEMPLATES = REPOSITORY / "stack" / "templates"
KINDS = ("logs", "documents", "oltp", "kafka")

# Where each template goes. A kind that needs one of these files has a template of that name in its folder.
PLACES = {
    "contract.py": "contracts/$table.py",
    "transform.py": "transforms/$table.py",
    "expectations.py": "expectations/$table.py",
    "dag.py": "dags/ingest_$source.py",
    "test.py": "tests/transforms/test_$table.py",
}
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="of the source, such as door_events")
    parser.add_argument("kind", choices=KINDS, help="lines of text, JSON documents, a PostgreSQL database, a topic")
    parser.add_argument("--table", metavar="TABLE", help="the table that it feeds, a plural noun (default: NAME)")


def run(args: argparse.Namespace) -> int:
    table = args.table or args.name
    check_names(args.name, table)
    files = dict(compose_files(args.name, args.kind, table))
    check_free(args.name, files)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        print(path.relative_to(REPOSITORY))
    return 0


def check_names(source: str, table: str) -> None:
    """Raises ValueError for a name that breaks the rules of docs/naming.md."""
    for name in (source, table):
        if not NAME.fullmatch(name) or keyword.iskeyword(name):
            wanted = "use lower-case letters, digits and single underscores"
            raise ValueError(f"{name!r} is no name in snake_case: {wanted}")
    if not table.endswith("s"):
        raise ValueError(f"{table!r} is no plural, as names of tables are: choose another one with --table")


def check_free(source: str, files: dict[Path, str]) -> None:
    """Raises ValueError when the source, or one of its files, exists already."""
    from contracts import load_sources

    if source in load_sources():
        raise ValueError(f"the source {source} exists already: its DAG is dags/ingest_{source}.py")
    if found := [str(path.relative_to(REPOSITORY)) for path in files if path.exists()]:
        raise ValueError(f"{', '.join(found)} exists already: choose another name, or another --table")


def compose_files(source: str, kind: str, table: str) -> Iterator[tuple[Path, str]]:
    """Path and text of every file of the source."""
    names = {"source": source, "SOURCE": source.upper(), "kind": kind, "table": table}
    names["topic"] = source.replace("_", "-")
    for part, place in PLACES.items():
        template = find_template(kind, part)
        if template.exists():
            path = REPOSITORY / Template(place).substitute(names)
            yield path, Template(template.read_text()).substitute(names)


def find_template(kind: str, part: str) -> Path:
    """The kind's own template, else the one that kinds share."""
    own = TEMPLATES / kind / f"{part}.template"
    return own if own.exists() else TEMPLATES / f"{part}.template"
