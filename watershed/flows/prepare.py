"""The lake, before a run asks anything of it."""

from contextlib import closing

from watershed.settings import load_settings
from watershed.warehouse.connection import connect
from watershed.warehouse.publish import prepare
from watershed.warehouse.schema.ddl import is_prepared


def prepare_tables(addresses: list[str]) -> None:
    """Make what is missing, and what its contract says otherwise since: rules are asked about a table, and histories
    continue it, before its first publish. Raises ContractBroken where one of these cannot follow its contract."""
    with closing(connect()) as con:
        is_missing = not is_prepared(con, addresses)
    if is_missing:
        prepare(load_settings(), addresses)
