"""docs/tables/ is what `watershed docs` writes, and everything on its pages can be asked."""

from dataclasses import replace

import pytest

from tests.docs.page import REPOSITORY
from tests.empty_lake import EmptyLake
from watershed.declarations import find_table, load_tables
from watershed.serving.analyst import connect_analyst, refuse_statement
from watershed.warehouse.connection import connect
from watershed.warehouse.schema.marts import find_mart, list_marts
from watershed.warehouse.schema.table_pages import (
    choose_examples,
    example_queries,
    list_documented,
    read_types,
    render_pages,
)
from watershed.warehouse.schema.views import find_view, list_views


@pytest.mark.servers
def test_the_pages_are_current(module_lake: EmptyLake) -> None:
    written = {path.name: path.read_text() for path in (REPOSITORY / "docs" / "tables").iterdir()}
    assert written == render_pages(read_types(connect())), "run `watershed docs`"


@pytest.mark.servers
@pytest.mark.parametrize("address", [one.address for one in list_documented()])
def test_examples_can_be_asked(module_lake: EmptyLake, address: str) -> None:
    """Each names what it is an example of."""
    assert example_queries(address)
    for query in example_queries(address):
        assert address in query
        refuse_statement(query)
        connect_analyst().execute(query)


def test_what_declares_no_example_gets_one() -> None:
    plain = replace(find_table("core.requests"), examples=())
    assert choose_examples(plain) == ("SELECT * FROM core.requests LIMIT 10",)
    assert choose_examples(replace(find_mart("top_pages"), example=None)) == ("SELECT * FROM mart.top_pages LIMIT 10",)
    assert choose_examples(replace(find_view("core.photos_as_of"), example=None)) == ()


@pytest.mark.servers
def test_every_type_is_known(module_lake: EmptyLake) -> None:
    """A macro has none: they depend on what it is given."""
    types = read_types(connect())
    tables = {(t.address, c.name) for t in load_tables().values() for c in t.all_columns}
    views = {(v.address, c.name) for v in list_views() if not v.is_macro for c in v.columns}
    marts = {(m.address, c.name) for m in list_marts() for c in m.columns}
    assert (tables | views | marts) - set(types) == set()
