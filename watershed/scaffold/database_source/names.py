"""Names of ours for what a database calls otherwise: snake_case, plural for tables, no word of SQL or Python."""

import keyword
import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import cache

import duckdb

from watershed.sources.postgres.table import SourceTable

WORD_ENDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
ALREADY_PLURAL = re.compile(r"(?<![siu])s$|ies$|news$")  # address, status and analysis are not


def make_snake(name: str) -> str:
    """`UnitPrice`, `unit price` and `Unit-Price` are `unit_price`; what holds no letter is `column`."""
    letters = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", WORD_ENDS.sub("_", letters).lower())
    return "_".join(words) or "column"


def make_plural(name: str) -> str:
    """`film_category` is `film_categories`; what is a plural already stays."""
    if ALREADY_PLURAL.search(name):
        return name
    if re.search(r"[^aeiou]y$", name):
        return f"{name[:-1]}ies"
    return f"{name[:-2]}es" if name.endswith("sis") else f"{name}{'es' if re.search('(s|x|z|ch|sh)$', name) else 's'}"


def make_singular(name: str) -> str:
    """One of them, as far as English goes by rules."""
    if re.search("(series|species|news)$", name):
        return name
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    if re.search(r"(ss|us|x|z|ch|sh)es$", name):
        return name[:-2]
    return name[:-1] if re.search(r"[^siu]s$", name) else name


@cache
def list_reserved() -> frozenset[str]:
    """Words that have to be quoted in DuckDB, or are none of a Python program's own."""
    query = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
    return frozenset(row[0] for row in duckdb.connect().execute(query).fetchall()) | set(keyword.kwlist)


def prefix_name(name: str, prefix: str) -> str:
    """`is_deleted` of a customer is `is_customer_deleted`, and `order` is `customer_order`."""
    first, _, rest = name.partition("_")
    return f"{first}_{prefix}_{rest}" if first in ("is", "has") and rest else f"{prefix}_{name}"


def name_tables(source: str, tables: Sequence[SourceTable], taken: Collection[str]) -> dict[str, str]:
    """A name for every table by its address: the plural of the database's, with the schema before it where two share
    one, and with the source's where it is taken by something else."""
    plurals = {table.address: make_plural(make_snake(table.name)) for table in tables}
    names: dict[str, str] = {}
    for table in tables:
        plural, schema = plurals[table.address], make_snake(table.schema)
        is_shared = list(plurals.values()).count(plural) > 1 and schema != "public"
        wishes = [f"{schema}_{plural}"] if is_shared else [plural]
        wishes += [f"{source}_{wish}" for wish in (*wishes, f"{schema}_{plural}")]
        wishes += [f"{source}_{schema}{number}_{plural}" for number in range(2, len(tables) + 2)]
        avoided = {*taken, *names.values(), *list_reserved()}
        names[table.address] = next(w for w in wishes if w not in avoided and w[0].isalpha())
    return names
