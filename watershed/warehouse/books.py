"""Books balance: what was read of an object is what became of it, and the staged files hold what the books promise."""

from duckdb import DuckDBPyConnection

from watershed.declarations.counting import count_nouns
from watershed.warehouse.connection import quote
from watershed.warehouse.publication import Publication


class BooksUnbalanced(Exception):
    """read != written + quarantined + deduplicated + filtered, or files do not hold what the books say."""


def count_staged(con: DuckDBPyConnection, publication: Publication) -> list[tuple[int, int]]:
    """For each part the rows in its staged files, and in those for its quarantine."""
    return [(count_rows(con, part.files), count_rows(con, part.quarantine_files)) for part in publication.parts]


def verify_books(publication: Publication, staged: list[tuple[int, int]]) -> None:
    """The books add up per object, and the staged files hold just the rows that the books promise."""
    for line in publication.books:
        if line.rows_read != line.rows_accounted:
            raise BooksUnbalanced(
                f"{line.table_name} read {count_nouns(line.rows_read, 'row')} of {line.raw_object} and accounts for "
                f"{line.rows_accounted}: nothing is published, run {publication.run_id}; a transform is defective"
            )
    for part, found in zip(publication.parts, staged, strict=True) if publication.books else ():
        own = [b for b in publication.books if b.table_name == part.address]
        promised = part.carried + sum(b.rows_written for b in own), sum(b.rows_quarantined for b in own)
        if promised != found:
            raise BooksUnbalanced(
                f"the books of {part.address} promise {promised} rows written and quarantined, the staged files hold "
                f"{found}: nothing is published, run {publication.run_id}"
            )


def count_rows(con: DuckDBPyConnection, files: tuple[str, ...]) -> int:
    if not files:
        return 0
    listed = ", ".join(map(quote, files))
    row = con.execute(f"SELECT sum(num_rows) FROM parquet_file_metadata([{listed}])").fetchone()
    return int(row[0]) if row else 0
