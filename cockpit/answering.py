"""Answers one question after the other, in a process of its own: `python -m cockpit.answering`.

A line of JSON comes in, a line of JSON goes out. Whoever asked ends a question that takes too long by ending the
process, so that nothing here has to watch the clock, and nothing that a query does can harm the web server.

A question: `query`; `snapshot`, a number, time or pin, empty for now; `shown`, how many rows come back; or `path` and
`format` (csv or parquet) where the rows go to a file instead, and `most`, how many may.
"""

import json
import os
import re
import sys
import time
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

import duckdb
import pyarrow as pa

from warehouse.analyst import connect_analyst, forget_analysts
from warehouse.pins import find_snapshot
from warehouse.queries import refuse_statement

BATCH = 10_000
COUNTED = 1_000_000  # rows at most, of those that are not shown
LONGEST = 2_000  # characters of a value that are shown
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
    except (duckdb.Error, ValueError, LookupError) as error:
        answer = explain(error)
    return answer | {"ms": round((time.monotonic() - began) * 1000)}


def answer_question(question: dict[str, Any]) -> Answer:
    refuse_statement(question["query"])
    snapshot = find_version(question["snapshot"])
    with closing(connect_analyst(snapshot=snapshot)) as con:
        reader = con.execute(question["query"]).to_arrow_reader(BATCH)
        if "path" in question:
            answer = write_rows(reader, Path(question["path"]), question["format"], question["most"])
        else:
            answer = take_rows(reader, question["shown"])
    return answer | {"snapshot": snapshot}


def find_version(said: str) -> int | None:
    """The snapshot's number, of a number, time or pin; None for an empty text, which means now. Raises LookupError."""
    if not said.strip():
        return None
    with closing(connect_analyst()) as con:
        return find_snapshot(con, said.strip())


def take_rows(reader: pa.RecordBatchReader, shown: int) -> Answer:
    """The first rows, and how many there are, counted to an end."""
    rows: list[list[Any]] = []
    count = 0
    for batch in reader:
        if len(rows) < shown:
            some = batch.slice(0, shown - len(rows))
            rows += [list(map(spell_value, row.values())) for row in some.to_pylist(maps_as_pydicts="lossy")]
        count += batch.num_rows
        if count >= COUNTED:
            break
    columns = [{"name": f.name, "type": str(f.type), "isNumber": is_number(f.type)} for f in reader.schema]
    return {"columns": columns, "rows": rows, "count": count, "isCounted": count < COUNTED}


def write_rows(reader: pa.RecordBatchReader, path: Path, form: str, most: int) -> Answer:
    """Raises ValueError where there are more rows than may be written: half a result would be taken for all of it."""
    count = 0
    with path.open("wb") as file, closing(open_writer(file, reader.schema, form)) as writer:
        for batch in reader:
            count += batch.num_rows
            if count > most:
                raise ValueError(f"the result has more than {most:,} rows: narrow it, or ask with `watershed sql`")
            writer.write(flatten(batch) if form == "csv" else batch)
    return {"count": count}


def open_writer(file: IO[bytes], schema: pa.Schema, form: str) -> Any:
    import pyarrow.csv
    import pyarrow.parquet

    if form == "parquet":
        return pyarrow.parquet.ParquetWriter(file, schema)
    flat = pa.schema([(f.name, pa.string() if pa.types.is_nested(f.type) else f.type) for f in schema])
    return pyarrow.csv.CSVWriter(file, flat)


def flatten(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Lists and structs as JSON, which a field of a CSV can hold."""
    columns = [spell_nested(c) if pa.types.is_nested(c.type) else c for c in batch.columns]
    return pa.RecordBatch.from_arrays(columns, batch.schema.names)


def spell_nested(column: pa.Array) -> pa.Array:
    texts = [None if v is None else json.dumps(v, default=str, ensure_ascii=False) for v in column.to_pylist()]
    return pa.array(texts, pa.string())


def is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def spell_value(value: Any) -> Any:
    """As JSON can hold it and a grid can show it."""
    if value is None or isinstance(value, bool | float):
        return value if value == value else "NaN"
    if isinstance(value, int):
        return value if abs(value) < EXACT else str(value)
    if isinstance(value, datetime | date):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    text = value if isinstance(value, str) else value.hex() if isinstance(value, bytes) else None
    if text is None:
        text = json.dumps(value, default=str, ensure_ascii=False) if isinstance(value, list | dict) else str(value)
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
