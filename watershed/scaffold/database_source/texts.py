"""The Python text of a contract and of its rules, as the formatter would write it."""

import textwrap
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from watershed.declarations.table import Column
from watershed.scaffold.database_source.columns import NamedTable
from watershed.scaffold.database_source.kinds import are_compared_alike, kind_source
from watershed.scaffold.database_source.names import make_singular
from watershed.sources.postgres.catalog import ForeignKey
from watershed.sources.postgres.table import SourceTable

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

from watershed.quality.known import {known}
from watershed.quality.rules import {words}


def build_rules(known: Known) -> Rules:
    return {rules}
'''


def contract_source(source: str, table: NamedTable, home: str) -> str:
    """`home`: the name of the table whose contract declares the source."""
    own, constant, is_home = table.source, source.upper(), table.name == home
    about = own.description and f" {' '.join(own.description.split())}"
    described = f"{own.address} of {source}, every version that was seen (SCD2).{about}"
    columns = "\n".join(column_source(column) for column in table.columns)
    return CONTRACT.format(
        title=table.name.replace("_", " ").capitalize(),
        source=source,
        imports="\n".join(list_imports(constant, columns, home, is_home)),
        declared=f"{declare_source(source)}\n\n" if is_home else "",
        name=table.name,
        description=long_source(described, "description="),
        singular=make_singular(table.name).replace("_", " "),
        columns=columns,
        key=tuple_source(table.find_names(own.key)),
        constant=constant,
        home=f"    home_of=({constant},),\n" if is_home else "",
        day=text_source(table.changed_at),
        schema=text_source(own.schema),
        table=text_source(own.name),
        changed_at=text_source(table.changed_at),
    )


def declare_source(source: str) -> str:
    text = f"A PostgreSQL database; its address is the setting WATERSHED_{source.upper()}_URL"
    line = f'{source.upper()} = Source("{source}", "oltp", "{text}")'
    return line if len(line) <= LINE else f'{source.upper()} = Source(\n    "{source}",\n    "oltp",\n    "{text}",\n)'


def list_imports(constant: str, columns: str, home: str, is_home: bool) -> Iterator[str]:
    yield "from datetime import timedelta\n"
    if "pa." in columns:
        yield "import pyarrow as pa\n"
    names = [name for name in ("JSON_TEXT", "TEXT_LIST", "UTC_TIMESTAMP") if name in columns]
    nouns = ", ".join([*names, "Column", "Origin", *["Source"] * is_home, "Table"])
    lines = [f"from watershed.declarations.table import {nouns}"]
    yield from sorted(lines if is_home else [*lines, f"from contracts.{home} import {constant}"])


def column_source(column: Column) -> str:
    parts = [text_source(column.name), kind_source(column.type), long_source(column.description, "")]
    parts += ["nullable=True"] * column.nullable + ([f'unit="{column.unit}"'] if column.unit else [])
    parts += ["personal=True"] * column.personal
    parts += [f"source_name={text_source(column.source_name)}"] if column.source_name else []
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


def tuple_source(names: Sequence[str]) -> str:
    line = f"({', '.join(map(text_source, names))}{',' if len(names) == 1 else ''})"
    if len(line) + len("    key=,") <= LINE:
        return line
    return "(\n" + "".join(f"        {text_source(name)},\n" for name in names) + "    )"


def text_source(text: str | None) -> str:
    """A Python literal, in the quotes that need fewer escapes."""
    if text is None:
        return "None"
    quote = "'" if text.count('"') > text.count("'") else '"'
    escaped = text.replace("\\", "\\\\").replace(quote, f"\\{quote}")
    return quote + "".join(c if is_plain(c) else c.encode("unicode_escape").decode() for c in escaped) + quote


def is_plain(character: str) -> bool:
    """Whether it shows, a column wide."""
    return character.isprintable() and unicodedata.east_asian_width(character) not in "WF"


def long_source(text: str, before: str) -> str:
    """A literal, over several lines where one would be too long."""
    if len(line := text_source(text)) + len(before) <= 100:
        return line
    lines = textwrap.wrap(text, 80, drop_whitespace=False, break_on_hyphens=False)
    spelled = [text_source(line) for line in lines]
    if before:
        return "(\n" + "".join(f"        {line}\n" for line in spelled) + "    )"
    return "\n            ".join(spelled)


def rules_source(table: NamedTable, tables: Mapping[str, NamedTable], foreign_keys: Sequence[ForeignKey]) -> str:
    """`tables`: all of the source that have contracts, by address: what refers to another one has no rule, nor what is
    compared with its key otherwise in the lake than at the database."""
    own = [f for f in foreign_keys if f.address == table.source.address and f.to in tables]
    own = [f for f in own if is_comparable(f, table.source, tables[f.to].source)]
    met = [f.columns for f in own]
    rules = [reference_source(table, tables[f.to], f, f.columns in met[:place]) for place, f in enumerate(own)]
    words, known = ["Rules", *["expect_known"] * bool(rules)], "Known"
    if column := table.changed_at:
        words, known = [words[0], "expect_between", *words[1:]], "EARLIEST, Known"
        rules.insert(0, moment_source(column))
    listed = "[\n" + "".join(f"{rule}\n" for rule in rules) + "    ]" if rules else "[]"
    return RULES.format(name=table.name, known=known, words=", ".join(words), rules=listed)


def is_comparable(foreign: ForeignKey, table: SourceTable, to: SourceTable) -> bool:
    pairs = zip(map(table.find_column, foreign.columns), map(to.find_column, foreign.keys), strict=True)
    return all(own and key and are_compared_alike(own.type, key.type) for own, key in pairs)


def moment_source(column: str) -> str:
    because = text_source(f"{column} is in 1990 or later, and not in the future")
    parts = [text_source(column), "EARLIEST", "known.latest", because, 'severity="info"']
    return call_source("expect_between", parts)


def reference_source(table: NamedTable, to: NamedTable, foreign: ForeignKey, is_another: bool) -> str:
    columns, keys = table.find_names(foreign.columns), to.find_names(foreign.keys)
    is_known = "is known" if len(columns) == 1 else "are known together"
    because = text_source(f"{' and '.join(columns)} {is_known} in core.{to.name}")
    first = text_source(columns[0]) if len(columns) == 1 else tuple_source(columns)
    is_key = keys == to.find_names(to.source.key)
    parts = ["known", first, text_source(to.name), because, *([] if is_key else [f"key={tuple_source(keys)}"])]
    parts += [f"about={text_source(to.name)}"] if is_another else []
    return call_source("*expect_known", parts)


def call_source(function: str, parts: Sequence[str]) -> str:
    line = f"        {function}({', '.join(parts)}),"
    if len(line) <= LINE:
        return line
    inner = f"            {', '.join(parts)}"
    if len(inner) > LINE:
        inner = "\n".join(f"            {part}," for part in parts)
    return f"        {function}(\n{inner}\n        ),"
