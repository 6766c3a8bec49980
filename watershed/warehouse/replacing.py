"""What a publish does to rows, inside its transaction: those that are replaced go, the staged ones come, and the ledger
is told how many of each.
"""

from collections import Counter

from duckdb import DuckDBPyConnection

from watershed.declarations import list_tables
from watershed.warehouse.connection import quote
from watershed.warehouse.departures import note_departures
from watershed.warehouse.ledger.history import insert_rows, list_published_among, name_quarantine
from watershed.warehouse.publication import Books, Publication, TablePart
from watershed.warehouse.schema.copying import add_files


def replace_parts(
    con: DuckDBPyConnection, publication: Publication, counts: list[tuple[int, int]], snapshot: int
) -> None:
    """`counts`: for each part the rows in its files, and in those for its quarantine."""
    inserted, deleted = Counter[str](), Counter[str]()
    for part, (rows, parked) in zip(publication.parts, counts, strict=True):
        inserted[part.address] += rows
        inserted[name_quarantine(part.address)] += parked
        if part.replaced is not None and part.address.startswith("quarantine."):
            note_departures(con, part.address, part.replaced, publication.run_id, snapshot)
        deleted.update(replace_rows(con, part, publication.books))
    write_row_changes(con, publication.run_id, snapshot, inserted, deleted)


def replace_rows(con: DuckDBPyConnection, part: TablePart, books: tuple[Books, ...]) -> Counter[str]:
    """Returns how many rows of each table went; what came is in the files."""
    quarantine = name_quarantine(part.address)
    deleted = Counter[str]()
    if part.replaced is not None:
        deleted[part.address] += delete_rows(con, part.address, part.replaced)
    taken = {line.raw_object for line in books if line.table_name == part.address}
    layers = list_layers(part.address)
    # Asked under the lock: a run beside this one may have published the same object a moment ago.
    if republished := list_published_among(con, layers, taken):
        listed = ", ".join(map(quote, sorted(republished)))
        for address in (*layers, quarantine):
            deleted[address] += delete_rows(con, address, f"raw_object IN ({listed})")
    for address, files in ((part.address, part.files), (quarantine, part.quarantine_files)):
        if files:
            add_files(con, address, files)
    return deleted


def delete_rows(con: DuckDBPyConnection, address: str, condition: str) -> int:
    row = con.execute(f"DELETE FROM {address} WHERE {condition}").fetchone()
    return int(row[0]) if row else 0


def list_layers(address: str) -> list[str]:
    """The table with its twin in the other layer, if there is one: an object's rows are in one of them."""
    name = address.rpartition(".")[2]
    return [table.address for table in list_tables() if table.name == name] or [address]


def write_row_changes(
    con: DuckDBPyConnection, run_id: str, snapshot: int, inserted: Counter[str], deleted: Counter[str]
) -> None:
    """How many rows of each table, and of each quarantine, came and went."""
    about = {"run_id": run_id, "snapshot_id": snapshot}
    rows = [
        about | {"table_name": address, "rows_inserted": inserted[address], "rows_deleted": deleted[address]}
        for address in sorted(+inserted | +deleted)
    ]
    insert_rows(con, "ledger.row_changes", rows)
