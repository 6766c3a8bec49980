"""A page for every table, mart and view, in docs/tables/: written from their declarations by `watershed docs`.

A page has the name of what it is about, so that a new table is a new file, and nobody's page changes for another's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from duckdb import DuckDBPyConnection

from watershed.declarations import load_tables
from watershed.declarations.owners import list_owners
from watershed.declarations.table import Table
from watershed.warehouse.schema import marts, views
from watershed.warehouse.schema.marts import Mart, list_marts
from watershed.warehouse.schema.sql_headers import HeaderColumn
from watershed.warehouse.schema.views import View, list_views

MARK = "<!-- Written by `watershed docs`."
WRITTEN = MARK + " Change {declaration} instead. -->"
HEAD = f"""\
# Tables

{WRITTEN.format(declaration="contracts/, warehouse/marts/ and warehouse/views/")}

What there is to ask, and what each column means: a page for each. `core` has facts and dimensions, `mart` what analysts
start from, `ml` what models learn and say, and `serve` views. Streamed facts are in a table of the same name in `speed`
until the nightly computation takes them over; `serve` has both. `quarantine` has a table for each of `core`, and
`ledger` what every publish recorded. Every `_at` is UTC. Columns marked *personal* say something about a person.

## Owners

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
    """Queries that are worth starting from, for a table, mart, view or macro."""
    return next((choose_examples(one) for one in list_documented() if one.address == address), ())


def list_documented() -> list[Table | Mart | View]:
    """What has a page of its own: not `speed`, whose tables are those of `core`."""
    return [*load_tables().values(), *list_marts(), *list_views()]


def choose_examples(one: Table | Mart | View) -> tuple[str, ...]:
    """The declared ones, else the first rows. A macro has none that it does not declare."""
    if isinstance(one, Table) and one.examples:
        return one.examples
    if isinstance(one, Mart | View) and one.example:
        return (one.example,)
    return () if isinstance(one, View) and one.is_macro else (f"SELECT * FROM {one.address} LIMIT 10",)


def render_pages(types: Types) -> dict[str, str]:
    """Every page as Markdown by the name of its file, with the types that the lake's columns have."""
    pages = {f"{one.address}.md": describe(one, types) for one in list_documented()}
    return {"README.md": HEAD + describe_owners()} | pages


def describe(one: Table | Mart | View, types: Types) -> str:
    if isinstance(one, Table):
        return describe_table(one, types)
    return describe_mart(one, types) if isinstance(one, Mart) else describe_view(one, types)


def read_types(con: DuckDBPyConnection) -> Types:
    return {(address, column): kind for address, column, kind in con.execute(TYPES).fetchall()}


def describe_table(table: Table, types: Types) -> str:
    facts = {"A row": table.grain, "Key": format_names(table.key), **list_shared_facts(table)}
    facts |= {"Sources": ", ".join(s.name for s in table.sources) or "made of other tables"}
    facts |= {"Promise": f"what arrives is published within {format_duration(table.freshness)}"}
    lines = [Line(c.name, c.description, c.unit, c.personal, c.tags) for c in table.all_columns]
    return render_page(table, f"contracts/{table.name}.py", facts, lines, types)


def describe_mart(mart: Mart, types: Types) -> str:
    facts = {"A row": mart.grain, "Key": format_names(mart.key), **list_shared_facts(mart)}
    facts |= {"Made of": link_pages(mart.reads)}
    return render_page(mart, f"{marts.FOLDER}/{mart.name}.sql", facts, map(read_line, mart.columns), types)


def describe_view(view: View, types: Types) -> str:
    facts = {"A row": view.grain, **list_shared_facts(view), "Reads": link_pages(view.reads)}
    if view.is_macro:
        facts["Parameters"] = format_names(view.parameters)
    return render_page(view, f"{views.FOLDER}/{view.address}.sql", facts, map(read_line, view.columns), types)


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


def render_page(
    one: Table | Mart | View, declaration: str, facts: dict[str, str], lines: Iterable[Line], types: Types
) -> str:
    listed = "  \n".join(f"**{name}**: {text}" for name, text in facts.items())
    examples = "".join(f"\n```sql\n{query};\n```\n" for query in choose_examples(one))
    rows = "\n".join(render_rows(one.address, lines, types))
    written = WRITTEN.format(declaration=declaration)
    return f"# {one.address}\n\n{written}\n\n{one.description}\n\n{listed}\n\n{rows}\n{examples}"


def link_pages(addresses: Iterable[str]) -> str:
    """Tables of `ledger` and `speed` have no page."""
    known = {one.address for one in list_documented()}
    return ", ".join(f"[{address}]({address}.md)" if address in known else address for address in addresses)


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
