"""The page of every table, mart and view: docs/tables.md, written from their declarations by `watershed docs`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from duckdb import DuckDBPyConnection

from watershed.declarations import load_tables
from watershed.declarations.owners import list_owners
from watershed.declarations.table import Table
from watershed.warehouse.schema.marts import Mart, list_marts
from watershed.warehouse.schema.sql_headers import HeaderColumn
from watershed.warehouse.schema.views import View, list_views

HEAD = """\
# Tables

<!-- Written by `watershed docs` from contracts/, warehouse/marts/ and warehouse/views/. Change those instead. -->

What there is to ask, and what each column means; [Query the warehouse](query_the_warehouse.md) says how. Streamed facts
are in a table of the same name in `speed` until the nightly computation takes them over; `serve` has both. `quarantine`
has a table for each of `core`, and `ledger` what every publish recorded. Every `_at` is UTC. Columns marked *personal*
say something about a person.
"""
TYPES = """
    SELECT schema_name || '.' || table_name, column_name, data_type FROM duckdb_columns() WHERE database_name = 'lake'
"""

Types = dict[tuple[str, str], str]  # DuckDB's, by address and column


@dataclass(frozen=True)
class Line:
    """A column on the page."""

    name: str
    description: str
    unit: str | None = None
    is_personal: bool = False
    tags: tuple[str, ...] = ()


def example_queries(address: str) -> tuple[str, ...]:
    """Queries that are worth starting from, for a table, mart, view or macro; none where none is declared."""
    for table in load_tables().values():
        if table.address == address:
            return table.examples
    declared: tuple[Mart | View, ...] = (*list_marts(), *list_views())
    return tuple(d.example for d in declared if d.address == address and d.example)


def render_page(types: Types) -> str:
    """The page as Markdown, with the types that the lake's columns have."""
    facts = [t for t in load_tables().values() if t.schema == "core"]
    models = [t for t in load_tables().values() if t.schema == "ml"]
    parts = [HEAD]
    parts += ["## Marts\n", *(describe_mart(m, types) for m in list_marts() if m.address.startswith("mart."))]
    parts += ["## Facts and dimensions\n", *(describe_table(t, types) for t in facts)]
    parts += [describe_mart(m, types) for m in list_marts() if not m.address.startswith("mart.")]
    parts += ["## Models\n", *(describe_table(t, types) for t in models)]
    parts += ["## Views and macros\n", *(describe_view(v, types) for v in list_views())]
    parts += ["## Owners\n", describe_owners()]
    return "\n".join(parts)


def read_types(con: DuckDBPyConnection) -> Types:
    return {(address, column): kind for address, column, kind in con.execute(TYPES).fetchall()}


def describe_table(table: Table, types: Types) -> str:
    facts = {"A row": table.grain, "Key": format_names(table.key), **list_shared_facts(table)}
    facts |= {"Sources": ", ".join(s.name for s in table.sources) or "made of other tables"}
    facts |= {"Promise": f"what arrives is published within {format_duration(table.freshness)}"}
    lines = [Line(c.name, c.description, c.unit, c.personal, c.tags) for c in table.all_columns]
    return render_part(table.address, table.description, facts, lines, types)


def describe_mart(mart: Mart, types: Types) -> str:
    facts = {"A row": mart.grain, "Key": format_names(mart.key), **list_shared_facts(mart)}
    facts |= {"Made of": ", ".join(mart.reads)}
    return render_part(mart.address, mart.description, facts, [read_line(c) for c in mart.columns], types)


def describe_view(view: View, types: Types) -> str:
    facts = {"A row": view.grain, **list_shared_facts(view), "Reads": ", ".join(view.reads)}
    if view.is_macro:
        facts["Parameters"] = format_names(view.parameters)
    return render_part(view.address, view.description, facts, [read_line(c) for c in view.columns], types)


def list_shared_facts(one: Table | Mart | View) -> dict[str, str]:
    """What everything has: an owner, and tags if any."""
    return {"Owner": one.owner} | ({"Tags": " ".join(f"`#{tag}`" for tag in one.tags)} if one.tags else {})


def describe_owners() -> str:
    rows = (f"| {one.name} | {one.about} | {one.contact} |" for one in list_owners())
    return "\n".join(["| owner | answers for | is reached by |", "|---|---|---|", *rows, ""])


def read_line(column: HeaderColumn) -> Line:
    """A column of an SQL file says its unit, and whether it is personal, at the end of its description."""
    text = column.description.removesuffix("(personal)").strip()
    return Line(column.name, text, None, column.personal, column.tags)


def render_part(address: str, description: str, facts: dict[str, str], lines: Iterable[Line], types: Types) -> str:
    listed = "  \n".join(f"**{name}**: {text}" for name, text in facts.items())
    examples = "".join(f"```sql\n{query};\n```\n" for query in example_queries(address))
    rows = "\n".join(render_rows(address, lines, types))
    return f"### {address}\n\n{description}\n\n{listed}\n\n{rows}\n\n{examples}"


def render_rows(address: str, lines: Iterable[Line], types: Types) -> Iterator[str]:
    yield "| column | type | meaning |"
    yield "|---|---|---|"
    for line in lines:
        meaning = line.description + (f" [{line.unit}]" if line.unit else "") + " *personal*" * line.is_personal
        meaning += "".join(f" `#{tag}`" for tag in line.tags)
        cells = (f"`{line.name}`", types.get((address, line.name), "").lower(), meaning.replace("|", "\\|"))
        yield f"| {' | '.join(cells)} |"


def format_names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def format_duration(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}{'s'[: seconds // size > 1]}"
    return f"{seconds} seconds"
