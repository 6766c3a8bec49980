"""Answers as files: CSV, JSON and Parquet, in memory that does not grow with the answer.

DuckDB writes the rows to a Parquet file first, the one that a locked engine may write, and CSV and JSON are made of it
a few rows at a time. Fetched from DuckDB itself, 2,048 values of a megabyte each would be in memory at once, twice.
"""

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, Literal

import duckdb

from watershed.errors import InvalidInput
from watershed.serving.answers import Answer, AnswerColumn, Spell
from watershed.warehouse.connection import quote
from watershed.warehouse.spelling import FLOATS, NUMBERS, TIMES, as_json_sql, as_parquet_sql, as_text_sql

Form = Literal["csv", "json", "parquet"]
AT_ONCE = 32_000_000  # bytes of rows in memory, about
FEWEST, MOST = 64, 4096  # rows, for that
NEEDS_QUOTES = '[",\r\n]|^$'
ROW_GROUP = 20_480  # of which all may be megabytes: beyond DuckDB's memory they wait on disk


@dataclass(frozen=True)
class Spool:
    """The Parquet file by way of which rows become another file; `most` rows may."""

    path: Path
    most: int = 2**62

    def copy(self, answer: Answer, spell: Spell) -> int:
        """Run the query. Raises InvalidInput where there are more rows: half a result would be taken for all of it."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP}"
        rows = answer.select(spell, limit=self.most + 1)
        [(count, *_)] = answer.con.execute(f"COPY ({rows}) TO {quote(str(self.path))} ({options})").fetchall()
        if count > self.most:
            raise InvalidInput(f"the result has more than {self.most:,} rows: narrow it, or ask with `watershed sql`")
        return int(count)


def write_answer(answer: Answer, file: IO[bytes], form: Form, spool: Spool, *, quotes: bool = False) -> int:
    """Write all rows, and return how many. `quotes`: in CSV, every text stands in quotes.

    Raises InvalidInput for more rows than the spool takes; duckdb.Error, OSError and pyarrow.ArrowException.
    """
    try:
        if form == "csv":
            return write_csv(answer, file, spool, quotes)
        return write_json(answer, file, spool) if form == "json" else write_parquet(answer, file, spool)
    finally:
        spool.path.unlink(missing_ok=True)


def write_csv(answer: Answer, file: IO[bytes], spool: Spool, quotes: bool) -> int:
    """A header and a line a row."""
    rows = spool.copy(answer, as_text_sql)
    plain = NUMBERS | {"boolean"} | TIMES
    are_texts = [column.kind.id not in plain for column in answer.columns]
    file.write((",".join(format_name(column.name, quotes) for column in answer.columns) + "\n").encode())
    for fields in read_fields(spool.path):
        own = [quote_texts(f, quotes) if is_text else f for f, is_text in zip(fields, are_texts, strict=True)]
        file.write(join_lines(["", *[","] * (len(own) - 1), "\n"], own, ""))
    return rows


def quote_texts(fields: Any, quotes: bool) -> Any:
    """In quotes where it has to be, with `quotes` always. An empty text is, by which it differs from a null."""
    from pyarrow import compute

    quoted = compute.binary_join_element_wise('"', compute.replace_substring(fields, '"', '""'), '"', "")
    return quoted if quotes else compute.if_else(compute.match_substring_regex(fields, NEEDS_QUOTES), quoted, fields)


def write_json(answer: Answer, file: IO[bytes], spool: Spool) -> int:
    """An array with an object a row. Numbers keep their digits; what JSON has no type for is a string."""
    rows = spool.copy(answer, as_text_sql)
    names = [json.dumps(column.name, ensure_ascii=False) for column in answer.columns]
    marks = [f",\n {{{names[0]}: ", *(f", {name}: " for name in names[1:]), "}"]
    lead = len(",\n ")  # not before the first
    file.write(b"[")
    for fields in read_fields(spool.path):
        own = [format_fields(column, field) for column, field in zip(answer.columns, fields, strict=True)]
        file.write(join_lines(marks, own, "null")[lead:])
        lead = 0
    file.write(b"]\n")
    return rows


def format_fields(column: AnswerColumn, fields: Any) -> Any:
    if column.kind.id in NUMBERS - FLOATS | {"boolean"}:
        return fields
    import pyarrow

    texts = (None if text is None else as_json_sql(column.kind, text) for text in fields.to_pylist())
    return pyarrow.array(texts, pyarrow.string())  # which nulls alone do not tell


def write_parquet(answer: Answer, file: IO[bytes], spool: Spool) -> int:
    """Numbers and times beyond what Parquet has, such as those of 39 digits, make texts of their columns."""
    try:
        rows = spool.copy(answer, partial(as_parquet_sql, as_texts=False))
    except duckdb.ConversionException:  # what the query itself cannot convert is raised again
        rows = spool.copy(answer, partial(as_parquet_sql, as_texts=True))
    with spool.path.open("rb") as made:
        shutil.copyfileobj(made, file, 2**20)
    return rows


def read_fields(spool: Path) -> Iterator[list[Any]]:
    """Arrays of texts, a column each, of some rows at a time."""
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(spool) as file:
        for number in range(file.num_row_groups):
            few = max(FEWEST, min(MOST, AT_ONCE // measure_row(file.metadata.row_group(number))))
            for batch in file.iter_batches(few, row_groups=[number]):
                yield batch.columns


def measure_row(group: Any) -> int:
    """Bytes at most of an average row: where values are kept once, in a dictionary, any may be all of it."""
    columns = [group.column(number) for number in range(group.num_columns)]
    sizes = (c.total_uncompressed_size // (1 if c.has_dictionary_page else group.num_rows) for c in columns)
    return sum(sizes) + 1


def join_lines(marks: Sequence[str], fields: Sequence[Any], null: str) -> bytes:
    """Rows with the marks before, between and after their fields."""
    import pyarrow
    from pyarrow import compute

    parts = [part for own in zip(marks, fields, strict=False) for part in own]
    joined = compute.binary_join_element_wise(*parts, marks[-1], "", null_handling="replace", null_replacement=null)
    return b"".join(joined.cast(pyarrow.binary()).to_pylist())


def format_name(name: str, quotes: bool) -> str:
    is_quoted = quotes or re.search(NEEDS_QUOTES, name)
    return '"' + name.replace('"', '""') + '"' if is_quoted else name
