"""Answers one question after the other, in a process of its own: `python -m watershed.serving.sql_worker`.

A line of JSON comes in, an answer goes out. Whoever asked ends a question that takes too long by ending the
process, so that nothing here has to watch the clock, and nothing that a query does can harm the web server.

A question: `query`; `role`, the name of that of who asks (contracts/roles.py); `snapshot`, a number, time or pin, empty
for now; `seconds` that it may take; `shown`, how many rows come back; or `path` and `format` (csv or parquet) where the
rows go to a file instead, and `most`, how many may.

First comes a line `ready`. An answer: a line of JSON with what is to be noted of it, and its number of bytes; then
these, JSON as a page gets it.
"""

import json
import math
import os
import re
import resource
import signal
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from duckdb.sqltypes import DuckDBPyType

from watershed.declarations.roles import Role, find_role
from watershed.errors import InvalidInput, UserError
from watershed.serving.analyst import connect_analyst, forget_analysts
from watershed.serving.answer_files import Form, Spool, write_answer
from watershed.serving.answers import Answer, AnswerColumn, open_answer, take_one
from watershed.serving.statements import adapt_statement, examine_statement, explain_error
from watershed.settings import Settings, load_reader, read_setting
from watershed.warehouse.pins import find_snapshot
from watershed.warehouse.spelling import as_text_sql
from watershed.warehouse.spill import name_spool

BATCH = 2048
BESIDES = 2**30  # bytes of memory beside DuckDB's own: Python, Arrow, the values at work
FILE_BYTES = 10 * 10**9  # of a file, of an export or of what does not fit into memory
SLACK_S = 5
COUNTED = 1_000_000  # rows at most, of those that are not shown
LONGEST = 2_000  # characters of a value that are shown
SHOWN_BYTES = 4_000_000  # about, of all values that are shown
EXACT = 15  # digits: whole numbers of more may lose some in a browser
PLACE = re.compile(r"\nLINE (\d+): (.*)\n( *)\^", re.MULTILINE)

Found = dict[str, Any]


def main() -> None:
    """Until the input ends. What libraries print goes to the log, not between the answers."""
    limit_process()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    answers.write(b"ready\n")
    answers.flush()
    for line in sys.stdin:
        question = json.loads(line)
        signal.alarm(math.ceil(question["seconds"]) + SLACK_S)  # where whoever asked is not there to end this
        found = answer_safely(question)
        signal.alarm(0)
        answer = json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
        noted = {"bytes": len(answer), "count": found.get("count"), "error": found.get("error")}
        answers.write(json.dumps(noted).encode() + b"\n" + answer)
        answers.flush()


def limit_process() -> None:
    """Bounds that hold against any query: DuckDB does not count the 2,048 values that it works on at a time. When
    memory is short all the same, the system ends this process before all others, which it lets go first."""
    memory = read_bytes(read_setting("analyst_memory", "1GB")) + BESIDES
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def read_bytes(text: str) -> int:
    """A size as DuckDB reads it: `954MiB`, `1GB`. Raises InvalidInput."""
    found = re.fullmatch(r"\s*([\d.]+)\s*([kmgt]?)(i?)b?\s*", text, re.IGNORECASE)
    if found is None:
        raise InvalidInput(f"WATERSHED_ANALYST_MEMORY is {text!r}: write a size such as 1GB")
    return int(float(found[1]) * (1024 if found[3] else 1000) ** " kmgt".index(found[2].lower() or " "))


def answer_safely(question: dict[str, Any]) -> Found:
    """The answer, or `error`, one sentence, with `line` and `column` where the place in the query is known."""
    began = time.monotonic()
    try:
        answer = answer_question(question, load_reader())
    except (MemoryError, duckdb.OutOfMemoryException):
        answer = {"error": "the query takes more memory than a question may: ask for fewer rows or columns"}
    except (duckdb.IOException, ConnectionError) as error:
        forget_analysts()
        answer = explain(error, question["query"])
    except (duckdb.Error, pa.ArrowException, UserError, OSError) as error:
        answer = explain(error, question["query"])
    return answer | {"ms": round((time.monotonic() - began) * 1000)}


def answer_question(question: dict[str, Any], settings: Settings) -> Found:
    role = find_role(question["role"])
    query = examine_statement(question["query"], role)
    snapshot = find_version(question["snapshot"], settings, role)
    with closing(connect_analyst(settings, snapshot, role)) as con:
        answer = open_answer(con, adapt_statement(con, take_one(query), role))
        if "path" in question:
            spool = Spool(name_spool(settings.home), question["most"])
            found = write_rows(answer, Path(question["path"]), question["format"], spool)
        else:
            found = take_rows(answer, question["shown"])
    return found | {"snapshot": snapshot}


def find_version(said: str, settings: Settings, role: Role) -> int | None:
    """The snapshot's number, of a number, time or pin; None for an empty text, which means now. Raises NotFound."""
    if not said.strip():
        return None
    with closing(connect_analyst(settings, role=role)) as con:
        return find_snapshot(con, said.strip())


def take_rows(answer: Answer, shown: int) -> Found:
    """The first rows, as many as SHOWN_BYTES hold, and how many there are, counted to an end."""
    rows: list[list[Any]] = []
    count = size = 0
    for batch in answer.read(shown_sql).to_arrow_reader(BATCH):
        if len(rows) < shown and size < SHOWN_BYTES:
            columns = [
                [show_value(column, text) for text in texts.to_pylist()]
                for column, texts in zip(answer.columns, batch.slice(0, shown - len(rows)).columns, strict=True)
            ]
            for row in zip(*columns, strict=True):
                size += sum(len(value) for value in row if isinstance(value, str))
                if size < SHOWN_BYTES or not rows:
                    rows.append(list(row))
        count += batch.num_rows
        if count >= COUNTED:
            break
    columns_shown = [{"name": c.name, "type": str(c.kind).lower(), "isNumber": c.is_number} for c in answer.columns]
    return {"columns": columns_shown, "rows": rows, "count": count, "isCounted": count < COUNTED}


def shown_sql(kind: DuckDBPyType, place: str) -> str:
    """A value's text, and of a long one a little more than is shown: the rest never leaves DuckDB."""
    return f"left({as_text_sql(kind, place)}, {LONGEST + 1})"


def show_value(column: AnswerColumn, text: str | None) -> Any:
    """The text; true, false and whole numbers that a browser knows exactly as themselves."""
    if text is None:
        return None
    if column.kind.id == "boolean":
        return text == "true"
    if column.is_whole and len(text) <= EXACT:
        return int(text)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def write_rows(answer: Answer, path: Path, form: Form, spool: Spool) -> Found:
    """Raises InvalidInput where there are more rows than the spool may have."""
    with path.open("wb") as file:
        return {"count": write_answer(answer, file, form, spool, quotes=True)}


def explain(error: Exception, query: str) -> Found:
    """The error's sentence, and the place in the query, which may stand a line further down in what was run."""
    text = str(error)
    place = PLACE.search(text)
    answer: Found = {"error": explain_error(error)}
    if place is None:
        return answer
    lines = query.split("\n")
    for line in (int(place[1]), int(place[1]) - 1):
        if 0 < line <= len(lines) and lines[line - 1] == place[2]:
            return answer | {"line": line, "column": len(place[3]) - len(f"LINE {place[1]}: ") + 1}
    return answer


if __name__ == "__main__":
    main()
