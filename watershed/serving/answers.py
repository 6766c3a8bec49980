"""What a query answers: columns by their position, each under a name of its own, and values as DuckDB spells them.

Two columns of a join may have one name. For whoever reads rows by names, in JSON, CSV or Parquet, one of them would be
lost or taken for the other: so the second `title` is `title_1`, everywhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb
from duckdb import DuckDBPyConnection, DuckDBPyRelation
from duckdb.sqltypes import DuckDBPyType

from watershed.errors import InvalidInput
from watershed.serving.sql_guard import is_explained
from watershed.warehouse.connection import quote
from watershed.warehouse.spelling import NUMBERS, WHOLE

Spell = Callable[[DuckDBPyType, str], str]


@dataclass(frozen=True)
class AnswerColumn:
    """`name` is the column's alone, whatever case others are written in."""

    name: str
    kind: DuckDBPyType

    @property
    def is_number(self) -> bool:
        return self.kind.id in NUMBERS

    @property
    def is_whole(self) -> bool:
        return self.kind.id in WHOLE


@dataclass(frozen=True)
class Answer:
    """A query that is bound and not run yet; `source` is it as SQL, columns called c1, c2 and so on."""

    con: DuckDBPyConnection
    source: str
    columns: Sequence[AnswerColumn]

    def select(self, spell: Spell, *, limit: int | None = None) -> str:
        """SQL for the rows, every value as `spell` says."""
        values = (
            f"{spell(column.kind, f'c{n}')} AS {quote_name(column.name)}" for n, column in enumerate(self.columns, 1)
        )
        most = "" if limit is None else f" LIMIT {limit}"
        return f"FROM {self.source} SELECT {', '.join(values)}{most}"

    def read(self, spell: Spell, *, limit: int | None = None) -> DuckDBPyRelation:
        """The rows as a relation, which reads as it is fetched from."""
        return self.con.sql(self.select(spell, limit=limit))


def open_answer(con: DuckDBPyConnection, query: str) -> Answer:
    """One statement, which `refuse_statement` let through. Raises duckdb.Error, and InvalidInput for several."""
    query = take_one(query)
    relation = bind_query(con, query)
    columns = [AnswerColumn(*own) for own in zip(name_columns(relation.columns), relation.types, strict=True)]
    inner = rows_sql(relation) if is_explained(query) else query  # EXPLAIN stands in no FROM
    places = ", ".join(f"c{n}" for n in range(1, len(columns) + 1))
    return Answer(con, f"(\n{inner}\n) AS answer({places})", columns)


def take_one(query: str) -> str:
    """The statement alone, in its place. Raises InvalidInput for several: who asks twice wants two answers."""
    text, tokens = query.encode(), duckdb.tokenize(query)
    ends = [place for place, kind in tokens if kind == duckdb.token_type.operator and text[place : place + 1] == b";"]
    words = [place for place, _ in tokens if place not in ends]
    end = next((place for place in ends if words and place > words[0]), len(text))
    if any(place > end for place in words):
        raise InvalidInput("these are several queries: ask one at a time")
    for place in (place for place in ends if place < end):
        text = text[:place] + b" " + text[place + 1 :]
    return text[:end].decode()


def bind_query(con: DuckDBPyConnection, query: str) -> DuckDBPyRelation:
    try:
        return con.sql(query)
    except duckdb.Error:
        con.execute(query)  # fails in the same way, and says where in the query
        raise


def name_columns(names: Sequence[str]) -> list[str]:
    """What is written once keeps its name; of several the first does, and the others are numbered past all names."""
    taken = {name.lower() for name in names}
    found: list[str] = []
    seen: set[str] = set()
    for name in names:
        own, number = name, 0
        while own.lower() in seen or (number and own.lower() in taken):
            number += 1
            own = f"{name}_{number}"
        seen.add(own.lower())
        found.append(own)
    return found


def rows_sql(relation: DuckDBPyRelation) -> str:
    rows = (", ".join(quote(str(value)) for value in row) for row in relation.fetchall())
    return f"VALUES {', '.join(f'({row})' for row in rows)}"


def quote_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
