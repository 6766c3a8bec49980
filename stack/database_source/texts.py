"""The Python text of a contract and of its rules, as the formatter would write it."""

import textwrap
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from contracts.table import Column
from sources.postgres_tables import ForeignKey
from stack.database_source.columns import NamedTable
from stack.database_source.kinds import spell_kind
from stack.database_source.names import spell_singular

LINE = 120
CONFIRM = "  # guessed by its name: confirm"
CONTRACT = '''\
"""{title} of the database that the source {source} reads."""

{imports}

{declared}TABLE = Table(
    name="{name}",
    description={description},
    grain="one version of one {singular}",
    owner="data-platform",
    columns=(
{columns}
    ),
    key={key},
    sources=({constant},),
{home}    replaces="key",
    day={day},
    freshness=timedelta(days=1),
    origin=Origin({schema}, {table}, changed_at={changed_at}),
)
'''
RULES = '''\
"""Business rules of core.{name}."""

from expectations.known import {known}
from expectations.rules import {words}


def build_rules(known: Known) -> Rules:
    return {rules}
'''


def spell_contract(source: str, table: NamedTable, home: str) -> str:
    """`home`: the name of the table whose contract declares the source."""
    own, constant, is_home = table.source, source.upper(), table.name == home
    about = own.description and f" {' '.join(own.description.split())}"
    described = f"{own.address} of {source}, every version that was seen (SCD2).{about}"
    columns = "\n".join(spell_column(column) for column in table.columns)
    return CONTRACT.format(
        title=table.name.replace("_", " ").capitalize(),
        source=source,
        imports="\n".join(spell_imports(constant, columns, home, is_home)),
        declared=f"{declare_source(source)}\n\n" if is_home else "",
        name=table.name,
        description=spell_long(described, "description="),
        singular=spell_singular(table.name).replace("_", " "),
        columns=columns,
        key=spell_tuple(table.find_names(own.key)),
        constant=constant,
        home=f"    home_of=({constant},),\n" if is_home else "",
        day=spell_text(table.changed_at),
        schema=spell_text(own.schema),
        table=spell_text(own.name),
        changed_at=spell_text(table.changed_at),
    )


def declare_source(source: str) -> str:
    text = f"A PostgreSQL database; its address is the setting WATERSHED_{source.upper()}_URL"
    line = f'{source.upper()} = Source("{source}", "oltp", "{text}")'
    return line if len(line) <= LINE else f'{source.upper()} = Source(\n    "{source}",\n    "oltp",\n    "{text}",\n)'


def spell_imports(constant: str, columns: str, home: str, is_home: bool) -> Iterator[str]:
    yield "from datetime import timedelta\n"
    if "pa." in columns:
        yield "import pyarrow as pa\n"
    names = [name for name in ("JSON_TEXT", "TEXT_LIST", "UTC_TIMESTAMP") if name in columns]
    lines = [f"from contracts.table import {', '.join([*names, 'Column', 'Origin', *['Source'] * is_home, 'Table'])}"]
    yield from sorted(lines if is_home else [*lines, f"from contracts.{home} import {constant}"])


def spell_column(column: Column) -> str:
    parts = [spell_text(column.name), spell_kind(column.type), spell_long(column.description, "")]
    parts += ["nullable=True"] * column.nullable + ([f'unit="{column.unit}"'] if column.unit else [])
    parts += ["personal=True"] * column.personal
    parts += [f"source_name={spell_text(column.source_name)}"] if column.source_name else []
    line = f"        Column({', '.join(parts)}),"
    if len(line) <= LINE and "\n" not in line:
        return (
            f"{line}{CONFIRM}" if column.personal and len(line) + len(CONFIRM) <= LINE else explode(line, parts, column)
        )
    return explode("", parts, column)


def explode(line: str, parts: Sequence[str], column: Column) -> str:
    """The line itself, or an argument a line where the line is too long, or too long with its remark."""
    if line and not column.personal:
        return line
    marked = [f"{part},{CONFIRM}" if part == "personal=True" else f"{part}," for part in parts]
    inner = "\n".join(f"            {part}" for part in marked)
    return f"        Column(\n{inner}\n        ),"


def spell_tuple(names: Sequence[str]) -> str:
    line = f"({', '.join(map(spell_text, names))}{',' if len(names) == 1 else ''})"
    if len(line) + len("    key=,") <= LINE:
        return line
    return "(\n" + "".join(f"        {spell_text(name)},\n" for name in names) + "    )"


def spell_text(text: str | None) -> str:
    """A Python literal, in the quotes that need fewer escapes."""
    if text is None:
        return "None"
    quote = "'" if text.count('"') > text.count("'") else '"'
    escaped = text.replace("\\", "\\\\").replace(quote, f"\\{quote}")
    return quote + "".join(c if is_plain(c) else c.encode("unicode_escape").decode() for c in escaped) + quote


def is_plain(character: str) -> bool:
    """Whether it shows, a column wide."""
    return character.isprintable() and unicodedata.east_asian_width(character) not in "WF"


def spell_long(text: str, before: str) -> str:
    """A literal, over several lines where one would be too long."""
    if len(line := spell_text(text)) + len(before) <= 100:
        return line
    lines = textwrap.wrap(text, 80, drop_whitespace=False, break_on_hyphens=False)
    spelled = [spell_text(line) for line in lines]
    if before:
        return "(\n" + "".join(f"        {line}\n" for line in spelled) + "    )"
    return "\n            ".join(spelled)


def spell_rules(table: NamedTable, tables: Mapping[str, NamedTable], foreign_keys: Sequence[ForeignKey]) -> str:
    """`tables`: all of the source that have contracts, by address: what refers to another one has no rule."""
    own = [f for f in foreign_keys if f.address == table.source.address and f.to in tables]
    met = [f.columns for f in own]
    rules = [spell_reference(table, tables[f.to], f, f.columns in met[:place]) for place, f in enumerate(own)]
    words, known = ["Rules", *["expect_known"] * bool(rules)], "Known"
    if column := table.changed_at:
        words, known = [words[0], "expect_between", *words[1:]], "EARLIEST, Known"
        rules.insert(0, spell_moment(column))
    listed = "[\n" + "".join(f"{rule}\n" for rule in rules) + "    ]" if rules else "[]"
    return RULES.format(name=table.name, known=known, words=", ".join(words), rules=listed)


def spell_moment(column: str) -> str:
    because = spell_text(f"{column} is in 1990 or later, and not in the future")
    parts = [spell_text(column), "EARLIEST", "known.latest", because, 'severity="info"']
    return spell_call("expect_between", parts)


def spell_reference(table: NamedTable, to: NamedTable, foreign: ForeignKey, is_another: bool) -> str:
    columns, keys = table.find_names(foreign.columns), to.find_names(foreign.keys)
    is_known = "is known" if len(columns) == 1 else "are known together"
    because = spell_text(f"{' and '.join(columns)} {is_known} in core.{to.name}")
    first = spell_text(columns[0]) if len(columns) == 1 else spell_tuple(columns)
    is_key = keys == to.find_names(to.source.key)
    parts = ["known", first, spell_text(to.name), because, *([] if is_key else [f"key={spell_tuple(keys)}"])]
    parts += [f"about={spell_text(to.name)}"] if is_another else []
    return spell_call("*expect_known", parts)


def spell_call(function: str, parts: Sequence[str]) -> str:
    line = f"        {function}({', '.join(parts)}),"
    if len(line) <= LINE:
        return line
    inner = f"            {', '.join(parts)}"
    if len(inner) > LINE:
        inner = "\n".join(f"            {part}," for part in parts)
    return f"        {function}(\n{inner}\n        ),"
