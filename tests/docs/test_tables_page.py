"""docs/tables.md is what `watershed docs` writes, and everything on it can be asked."""

import pytest

from tests.docs.page import REPOSITORY
from tests.empty_lake import EmptyLake
from watershed.declarations import load_tables
from watershed.serving.analyst import connect_analyst, refuse_statement
from watershed.warehouse.connection import connect
from watershed.warehouse.schema.marts import list_marts
from watershed.warehouse.schema.tables_page import example_queries, read_types, render_page
from watershed.warehouse.schema.views import list_views

ADDRESSES = [d.address for d in (*load_tables().values(), *list_marts(), *list_views())]


@pytest.mark.servers
def test_the_page_is_current(module_lake: EmptyLake) -> None:
    assert (REPOSITORY / "docs" / "tables.md").read_text() == render_page(read_types(connect())), "run `watershed docs`"


@pytest.mark.servers
@pytest.mark.parametrize("address", ADDRESSES)
def test_examples_can_be_asked(module_lake: EmptyLake, address: str) -> None:
    """Each names what it is an example of."""
    assert example_queries(address)
    for query in example_queries(address):
        assert address in query
        refuse_statement(query)
        connect_analyst().execute(query)


@pytest.mark.servers
def test_every_type_is_known(module_lake: EmptyLake) -> None:
    """A macro has none: they depend on what it is given."""
    types = read_types(connect())
    tables = {(t.address, c.name) for t in load_tables().values() for c in t.all_columns}
    views = {(v.address, c.name) for v in list_views() if not v.is_macro for c in v.columns}
    marts = {(m.address, c.name) for m in list_marts() for c in m.columns}
    assert (tables | views | marts) - set(types) == set()
