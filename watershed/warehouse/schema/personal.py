"""Which columns of the lake are personal: contracts say so of tables, the headers of SQL files of marts and views."""

from collections.abc import Collection
from functools import cache

from watershed.declarations import list_tables
from watershed.declarations.masking import find_personal
from watershed.warehouse.schema.marts import Mart, list_marts
from watershed.warehouse.schema.views import View, list_views

PARKED = frozenset({"row_json"})  # of a quarantine: the row, or the line as it came
OPEN = ("quarantine", "ledger")  # schemas whose other columns are ours


def list_personal(address: str, names: Collection[str]) -> set[str]:
    """Those of the columns that may say something about a person: all that are declared so, and all that no contract,
    mart or view declares, since what was retired or renamed may have, too."""
    schema, _, _ = address.partition(".")
    if schema in OPEN:
        return set(names) & PARKED
    if (table := next((t for t in list_tables() if t.address == address), None)) is not None:
        return find_personal(table, names)
    described = describe_queries().get(address, {})
    return {name for name in names if described.get(name, True)}


@cache
def describe_queries() -> dict[str, dict[str, bool]]:
    """By address of every mart and view, whether a column is personal."""
    queries: list[Mart | View] = [*list_marts(), *list_views()]
    return {query.address: {c.name: c.personal for c in query.columns} for query in queries}
