"""The queries that pages show run, and the tables that they list are the ones there are."""

import re
import time

import pytest

from contracts.roles import ROLES
from tests.docs.page import REPOSITORY, read_blocks, split_console
from tests.empty_lake import EmptyLake
from watershed.serving.analyst import connect_analyst
from watershed.serving.statements import adapt_statement, examine_statement
from watershed.settings import load_settings
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.tables import LEDGER_SQL
from watershed.warehouse.schema.marts import list_marts

WAREHOUSE = REPOSITORY / "docs" / "query_the_warehouse.md"
ADDED = ("player_errors", "photo_comments", "broken_links", "weekday_films")
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]


def list_queries() -> list[str]:
    """From `sql` blocks that are not files, and from commands in console blocks except those about what pages add."""
    blocks = [block for page in PAGES for block in read_blocks(page)]
    shown = [block.text.split(";") for block in blocks if block.language == "sql" and not block.name]
    commands = [command for block in blocks if block.language == "console" for command, _ in split_console(block.text)]
    asked = [found[1] for command in commands if (found := re.match(r'watershed sql "(.*?)"', command))]
    queries = (*(part.strip() for parts in shown for part in parts), *asked)
    return [query for query in queries if query and not any(name in query for name in ADDED)]


@pytest.mark.servers
def test_every_query_runs(lake: EmptyLake) -> None:
    connect(load_settings()).execute("CREATE TABLE ml.anything (i INTEGER)")  # the second snapshot: pages name it
    time.sleep(1.1)  # a page asks for the state of a second ago
    con = connect_analyst()
    for query in list_queries():
        con.sql(adapt_statement(con, examine_statement(query, ROLES[0]), ROLES[0]))


@pytest.mark.servers
def test_the_python_example_runs(lake: EmptyLake) -> None:
    [example] = [block.text for block in read_blocks(WAREHOUSE) if block.language == "python"]
    names: dict[str, object] = {}
    exec(example, names)
    assert "request_count" in names["frame"].columns  # type: ignore[attr-defined]


def test_every_table_of_the_ledger_is_listed() -> None:
    listed = set(re.findall(r"^\| `(\w+\.\w+)` \|", WAREHOUSE.read_text(), re.MULTILINE))
    assert listed == set(re.findall(r"ledger\.\w+", LEDGER_SQL.read_text()))


@pytest.mark.parametrize("mart", list_marts(), ids=lambda mart: mart.name)
def test_every_mart_says_what_its_columns_are(mart) -> None:  # type: ignore[no-untyped-def]
    assert mart.columns
    assert [column.name for column in mart.columns if not column.description.strip()] == []
    assert set(mart.key) <= {column.name for column in mart.columns}
