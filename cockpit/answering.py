"""Answers one question after the other, in a process of its own: `python -m cockpit.answering`.

A line of JSON comes in, a line of JSON goes out. Whoever asked ends a question that takes too long by ending the
process, so that nothing here has to watch the clock, and nothing that a query does can harm the web server.

A question: `query`; `snapshot`, a number, time or pin, empty for now; `shown`, how many rows come back; or `path` and
`format` (csv or parquet) where the rows go to a file instead, and `most`, how many may.
"""

import json
import math
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection, DuckDBPyRelation

from warehouse.analyst import connect_analyst, forget_analysts
from warehouse.pins import find_snapshot
from warehouse.queries import refuse_statement
from warehouse.spelling import TIMES, list_nested, quote_bare, spell_texts, spell_unheld, spell_values

BATCH = 10_000
COUNTED = 1_000_000  # rows at most, of those that are not shown
LONGEST = 2_000  # characters of a value that are shown
NUMBERS = {
    *("tinyint", "smallint", "integer", "bigint", "hugeint"),
    *("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint", "float", "double", "decimal"),
}
EXACT = 2**53  # whole numbers beyond it lose digits in a browser
PLACE = re.compile(r"\nLINE (\d+): (.*)\n( *)\^", re.MULTILINE)

Answer = dict[str, Any]


def main() -> None:
    """Until the input ends. What libraries print goes to the log, not between the answers."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        answer = answer_safely(json.loads(line))
        answers.write(json.dumps(answer, ensure_ascii=False) + "\n")
        answers.flush()


def answer_safely(question: dict[str, Any]) -> Answer:
    """The answer, or `error`, one sentence, with `line` and `column` where the place in the query is known."""
    began = time.monotonic()
    try:
        answer = answer_question(question)
    except (duckdb.IOException, ConnectionError) as error:
        forget_analysts()
        answer = explain(error)
    except (duckdb.Error, pa.ArrowException, ValueError, LookupError) as error:
        answer = explain(error)
    return answer | {"ms": round((time.monotonic() - began) * 1000)}


def answer_question(question: dict[str, Any]) -> Answer:
    refuse_statement(question["query"])
    snapshot = find_version(question["snapshot"])
    with closing(connect_analyst(snapshot=snapshot)) as con:
        relation = open_relation(con, question["query"])
        if "path" in question:
            answer = write_rows(relation, Path(question["path"]), question["format"], question["most"])
        else:
            answer = take_rows(relation, question["shown"])
    return answer | {"snapshot": snapshot}


def open_relation(con: DuckDBPyConnection, query: str) -> DuckDBPyRelation:
    try:
        return con.sql(query)
    except duckdb.Error:
        con.execute(query)  # fails in the same way, and says where in the query
        raise


def find_version(said: str) -> int | None:
    """The snapshot's number, of a number, time or pin; None for an empty text, which means now. Raises LookupError."""
    if not said.strip():
        return None
    with closing(connect_analyst()) as con:
        return find_snapshot(con, said.strip())


def take_rows(relation: DuckDBPyRelation, shown: int) -> Answer:
    """The first rows, and how many there are, counted to an end."""
    rows: list[list[Any]] = []
    count = 0
    nested = list_nested(relation)
    for batch in spell_values(relation).to_arrow_reader(BATCH):
        if len(rows) < shown:
            some = zip_rows(batch.slice(0, shown - len(rows)), nested)
            rows += [list(map(spell_value, row)) for row in some]
        count += batch.num_rows
        if count >= COUNTED:
            break
    columns = [
        {"name": name, "type": str(kind).lower(), "isNumber": kind.id in NUMBERS}
        for name, kind in zip(relation.columns, relation.types, strict=True)
    ]
    return {"columns": columns, "rows": rows, "count": count, "isCounted": count < COUNTED}


def write_rows(relation: DuckDBPyRelation, path: Path, form: str, most: int) -> Answer:
    """Raises ValueError where there are more rows than may be written: half a result would be taken for all of it."""
    reader = (spell_texts(relation) if form == "csv" else spell_unheld(relation)).to_arrow_reader(BATCH)
    count = 0
    with path.open("wb") as file, closing(open_writer(file, relation, reader.schema, form)) as writer:
        for batch in reader:
            count += batch.num_rows
            if count > most:
                raise ValueError(f"the result has more than {most:,} rows: narrow it, or ask with `watershed sql`")
            writer.write(batch)
    return {"count": count}


def open_writer(file: IO[bytes], relation: DuckDBPyRelation, schema: pa.Schema, form: str) -> Any:
    import pyarrow.parquet

    return pyarrow.parquet.ParquetWriter(file, schema) if form == "parquet" else CsvWriter(file, relation)


class CsvWriter:
    """Lines of a CSV of what `spell_texts` made. Texts are in quotes, by which they differ from numbers and nulls."""

    def __init__(self, file: IO[bytes], relation: DuckDBPyRelation) -> None:
        self.file = file
        self.nested = list_nested(relation)
        self.quoted = [kind.id not in NUMBERS | {"boolean"} | TIMES for kind in relation.types]
        self.write_line(relation.columns, [True] * len(relation.columns))

    def write(self, batch: pa.RecordBatch) -> None:
        for row in zip_rows(batch, self.nested):
            self.write_line(row, self.quoted)

    def write_line(self, row: Iterable[str | None], quoted: list[bool]) -> None:
        fields = (spell_field(text, is_quoted) for text, is_quoted in zip(row, quoted, strict=True))
        self.file.write((",".join(fields) + "\n").encode())

    def close(self) -> None:
        """Nothing is left to be written."""


def spell_field(text: str | None, is_quoted: bool) -> str:
    if text is None:
        return ""
    return '"' + text.replace('"', '""') + '"' if is_quoted else text


def zip_rows(batch: pa.RecordBatch, nested: list[bool]) -> Iterator[tuple[Any, ...]]:
    """Rows of what `spell_values` made; columns may have the same name."""
    columns = (column.to_pylist() for column in batch.columns)
    quoted = (
        [quote_bare(v) if v else v for v in c] if is_json else c for c, is_json in zip(columns, nested, strict=True)
    )
    return zip(*quoted, strict=True)


def spell_value(value: Any) -> Any:
    """As JSON can hold it and a grid can show it."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < EXACT else str(value)
    text = str(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def explain(error: Exception) -> Answer:
    text = str(error)
    place = PLACE.search(text)
    answer: Answer = {"error": text.split("\n\nLINE ")[0].split("\nLINE ")[0].strip()}
    if place is not None and not place[2].startswith("..."):
        answer |= {"line": int(place[1]), "column": len(place[3]) - len(f"LINE {place[1]}: ") + 1}
    return answer


if __name__ == "__main__":
    main()
