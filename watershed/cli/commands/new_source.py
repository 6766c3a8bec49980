"""Write the files of a new source, ready to run: contract, transform, rules, DAG and a test.

No shared file is edited: contracts find each other, and Airflow finds the DAG. docs/add_a_source.md goes on from here,
and docs/add_a_topic.md for the kind kafka, whose topic is the name with dashes; `watershed up` makes it.

With --from-database the kind oltp writes contracts and rules of all tables of a database; later, those of the tables
that are new (docs/add_a_database.md).
"""

import argparse
import keyword
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from watershed import scaffold
from watershed.declarations.counting import count_nouns
from watershed.errors import InvalidInput
from watershed.project import find_project
from watershed.settings import SettingsMissing, read_setting, source_url

if TYPE_CHECKING:
    from watershed.scaffold.database_source.compose import Draft

TEMPLATES = Path(scaffold.__file__).parent / "templates"
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
CONSTANTS = {"table", "fields", "features", "json_text", "text_list", "utc_timestamp"}  # of modules in contracts/

GOES_ON = "files that are written stay"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="of the source, such as door_events")
    parser.add_argument("kind", choices=KINDS, help="lines of text, JSON documents, a PostgreSQL database, a topic")
    parser.add_argument("--table", metavar="TABLE", help="the table that it feeds, a plural noun (default: NAME)")
    parser.add_argument(
        "--from-database",
        metavar="ADDRESS",
        nargs="?",
        const="",
        help="oltp: a table for each of the database's; its address, postgresql://..., or the setting that holds it "
        "(default: WATERSHED_<NAME>_URL)",
    )


def run(args: argparse.Namespace) -> int:
    if args.from_database is not None:
        return write_database(args.name, args.kind, args.table, args.from_database)
    table = args.table or args.name
    check_names(args.name, table)
    files = dict(compose_files(args.name, table, args.kind, find_project()))
    check_free(args.name, files)
    write_files(files)
    return 0


def write_files(files: dict[Path, str]) -> None:
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        print(path.relative_to(find_project()))


def write_database(source: str, kind: str, table: str | None, address: str) -> int:
    """Write what is new of a database, and say what is left out, what to confirm, and what comes next. Raises
    InvalidInput, NotFound or NoAnswer with one sentence."""
    from watershed.scaffold.database_source.catalog import read_catalog
    from watershed.scaffold.database_source.compose import compose_tables

    check_database(source, kind, table)
    catalog = read_catalog(find_address(source, address))
    draft = compose_tables(source, catalog, find_project())
    if not draft.tables and not draft.known:
        raise InvalidInput("; ".join(["the database has no table that can be kept", *catalog.left_out]))
    files = {find_project() / path: text for path, text in draft.files.items()}
    dag = find_project() / "dags" / f"ingest_{source}.py"
    if not dag.exists():
        files[dag] = compose_dag(source)
    write_files(files)
    print_remarks(source, draft, catalog.left_out, dag)
    return 0


def check_database(source: str, kind: str, table: str | None) -> None:
    from watershed.declarations import load_sources

    check_names(source, "tables")
    found = load_sources().get(source)
    if kind != "oltp" or table or (found and found.kind != "oltp"):
        raise InvalidInput("--from-database is for sources of the kind oltp, and names their tables itself: no --table")


def find_address(source: str, address: str) -> str:
    """What was given, or the setting of that name, or the source's own."""
    if "://" in address:
        return address
    if address:
        return read_setting(address.lower().removeprefix("watershed_"), cure="set it to the database's address")
    return source_url(source)


def compose_dag(source: str) -> str:
    return Template(find_template("oltp", "dag.py").read_text()).substitute(source=source, kind="oltp")


def print_remarks(source: str, draft: "Draft", left_out: Sequence[str], dag: Path) -> None:
    for sentence in left_out:
        print(f"left out: {sentence}")
    if draft.known:
        print(f"contracts that are there stay as they are: {count_nouns(draft.known, 'table')}")
    if draft.tables and "check_tables(" not in dag.read_text():
        print(f"to do: let {dag.relative_to(find_project())} check the new tables: checks = check_tables(SOURCE)")
    if guessed := [f"{t.name}.{c.name}" for t in draft.tables for c in t.columns if c.personal]:
        print(f"to confirm: personal by their names are {', '.join(guessed)}")
    if not is_set(f"{source}_url"):
        print(
            f"to do: set WATERSHED_{source.upper()}_URL to the database's address, then watershed run ingest_{source}"
        )


def is_set(name: str) -> bool:
    try:
        return bool(read_setting(name))
    except SettingsMissing:
        return False


def check_names(source: str, table: str) -> None:
    """Raises InvalidInput for a name that breaks the rules of docs/naming.md."""
    for name in (source, table):
        if not NAME.fullmatch(name) or keyword.iskeyword(name):
            wanted = "use lower-case letters, digits and single underscores"
            raise InvalidInput(f"{name!r} is not a name in snake_case: {wanted}")
    if source in CONSTANTS:
        raise InvalidInput(f"{source!r} is what contracts call something else: choose another name")
    if not table.endswith("s"):
        raise InvalidInput(f"{table!r} is not a plural, as names of tables are: choose another one with --table")


def check_free(source: str, files: dict[Path, str]) -> None:
    """Raises InvalidInput when the source, or one of its files, exists already."""
    from watershed.declarations import load_sources

    if source in load_sources():
        raise InvalidInput(f"the source {source} exists already: its DAG is dags/ingest_{source}.py")
    if found := [str(path.relative_to(find_project())) for path in files if path.exists()]:
        raise InvalidInput(f"{', '.join(found)} exists already: choose another name, or another --table")


def compose_files(source: str, table: str, kind: str, project: Path) -> Iterator[tuple[Path, str]]:
    """Path and text of every file of the source."""
    names = {"source": source, "SOURCE": source.upper(), "kind": kind, "table": table}
    names["topic"] = source.replace("_", "-")
    for part, place in PLACES.items():
        template = find_template(kind, part)
        if template.exists():
            path = project / Template(place).substitute(names)
            yield path, Template(template.read_text()).substitute(names)


def find_template(kind: str, part: str) -> Path:
    """The kind's own template, else the one that kinds share."""
    own = TEMPLATES / kind / f"{part}.template"
    return own if own.exists() else TEMPLATES / f"{part}.template"
