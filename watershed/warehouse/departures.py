"""Rows that leave a quarantine for good: by a decision to drop them, or because their messages are tried again.

The books of their objects are not rewritten: they say what a publish did. What has left since is noted here, by line,
in the transaction in which it leaves. `ledger.latest_books` counts it as filtered, and an object that is staged again,
for a rebuild or for the sake of another row, does not bring it back.

Rows leave by *pattern*, their reason with each number as N. People read a sentence, in which only those numbers are N
that differ from row to row: a bound of a rule is a part of the rule, and stays.
"""

import re
from collections.abc import Iterable, Sequence

from duckdb import DuckDBPyConnection

from watershed.declarations.roles import Role
from watershed.project import find_module
from watershed.warehouse.connection import quote
from watershed.warehouse.masks import HIDDEN, reason_sql

# Reasons that differ in a number only, such as a position in the line, are one; UTF-8 is a name.
PATTERN = r"regexp_replace(reason, '(^|[^-A-Za-z0-9_])[0-9]+', '\1N', 'g')"
# The same of reasons without the values that some quote, for roles that do not see these.
HIDDEN_REASON = reason_sql("reason")
HIDDEN_PATTERN = PATTERN.replace("(reason", f"({HIDDEN_REASON}")
# A number as people write it: 60,000 is one. The first so many of a reason are compared; a further one is N.
NUMBER = r"[0-9]+(?:,[0-9][0-9][0-9]\b)*"  # no braces: queries are formats
FREE_NUMBER = re.compile(rf"(?<![-A-Za-z0-9_]){NUMBER}")
COMPARED = 8
# What the engine says of what cannot be read, in earlier words.
REWORDED = {
    "the line is no UTF-8": "invalid UTF-8",
    "the message is no UTF-8": "invalid UTF-8",
    "it is no UTF-8": "invalid UTF-8",
    "is no value of schema": "is not a value of schema",
    "is no JSON value": "is not a JSON value",
    "which is no character": "which is not a character",
}
NOTED = f"""
    INSERT INTO ledger.departures BY NAME
    WITH leaving AS (
        SELECT raw_object, rule, {PATTERN} AS reason, raw_line,
               raw_line - row_number() OVER (PARTITION BY raw_object, rule, {PATTERN} ORDER BY raw_line) AS place
        FROM {{quarantine}} WHERE {{condition}}
    ),
    stretches AS (
        SELECT raw_object, rule, reason, min(raw_line) AS first, max(raw_line) AS last, count(*) AS row_count
        FROM leaving GROUP BY raw_object, rule, reason, place
    )
    SELECT $run_id AS run_id, $snapshot_id AS snapshot_id, '{{quarantine}}' AS quarantine, raw_object, rule, reason,
           sum(row_count)::BIGINT AS row_count, to_json(list([first, last] ORDER BY first))::VARCHAR AS lines_json
    FROM stretches GROUP BY ALL
"""


def pattern_sql(role: Role, table: str) -> str:
    """SQL for the reason, its numbers as N, as the role sees it in the quarantine of the table called so. Of bad rows
    nobody can tell whether they are among those that a role with rules for rows sees."""
    return PATTERN if sees_reasons(role, table) else HIDDEN_PATTERN


def sees_reasons(role: Role, table: str) -> bool:
    return role.sees(f"core.{table}", "*") and not role.rows


def told_sql(is_hidden: bool = False) -> str:
    """Aggregates over the rows of a pattern, for `format_reasons`: `reason`, one of theirs, and `least` and `greatest`,
    of each of its numbers."""
    reason = HIDDEN_REASON if is_hidden else "reason"
    numbers = f"regexp_extract_all({reason}, '(^|[^-A-Za-z0-9_])({NUMBER})', 2)"
    least, greatest = (", ".join(f"{end}({numbers}[{n}])" for n in range(1, COMPARED + 1)) for end in ("min", "max"))
    return f"min({reason}) AS reason, [{least}] AS least, [{greatest}] AS greatest"


def format_reasons(reason: str, *ends: Sequence[str | None]) -> str:
    """The sentence that reasons of one pattern have in common. `ends`: what `least` and `greatest` are of them."""
    numbers = iter([set(column) for column in zip(*ends, strict=True)])

    def show_number(found: re.Match[str]) -> str:
        return found[0] if next(numbers, set()) == {found[0]} else "N"

    return FREE_NUMBER.sub(show_number, reason)


def same_sql(pattern: str) -> str:
    """A condition for the rows of a reason as somebody saw it."""
    return f"{HIDDEN_PATTERN if HIDDEN in pattern else PATTERN} = {quote(pattern)}"


def note_departures(con: DuckDBPyConnection, quarantine: str, condition: str, run_id: str, snapshot: int) -> None:
    """Write down the rows of a quarantine for which a condition holds, in the transaction that deletes them."""
    query = NOTED.format(quarantine=quarantine, condition=condition)
    con.execute(query, {"run_id": run_id, "snapshot_id": snapshot})


def departed_sql(quarantine: str, objects: Iterable[str] | None = None, dropped_only: bool = False) -> str:
    """A query for the lines that have left a quarantine, of some objects or of all: `raw_object`, `raw_line`, `rule`,
    `reason` and `is_dropped`."""
    query = f"SELECT * FROM ledger.departed_lines WHERE quarantine = '{quarantine}'"
    if objects is not None:
        query += f" AND list_contains([{', '.join(quote(key) for key in objects)}]::VARCHAR[], raw_object)"
    return query + " AND is_dropped" * dropped_only


def staying_sql(departed: str) -> str:
    """A condition for rows of a quarantine that have not left it: dropped ones may be bad for another reason since. A
    rule is known by its name, whatever its text; what could not be read is known by its reason."""
    then, now = (PATTERN.replace("(reason", f"({reword_sql(reason)}") for reason in ("gone.reason", "bad.reason"))
    return f"""NOT EXISTS (
        FROM ({departed}) AS gone
        WHERE gone.raw_object = bad.raw_object AND gone.raw_line = bad.raw_line
            AND (NOT is_dropped OR (gone.rule = bad.rule AND (gone.rule <> 'parse' OR {then} = {now})))
    )"""


def reword_sql(reason: str) -> str:
    """A reason in today's words, which rows of an older lake have in those of then: the engine's, and those that the
    project lists in transforms/reworded.py."""
    own = find_module("transforms.reworded")
    for then, now in (REWORDED | (own.REWORDED if own else {})).items():
        reason = f"replace({reason}, {quote(then)}, {quote(now)})"
    return reason
