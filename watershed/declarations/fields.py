"""Known fields of JSON documents: where a provider puts what a column wants, and how it may be written.

The grammar is data because two rooms need the very same one: `sources/` takes out of a document just what matches, so
that everything else stays in the JSON that is kept, and `transforms/` turns what was taken into typed columns.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from watershed.errors import InvalidInput


@dataclass(frozen=True)
class Field:
    """One place in a document. `path` as in `camera.maker`; `tags[].name` is that member of every element.

    `pattern` must match the whole text of the value (a number's digits as they are written; the texts of a list, each
    followed by LIST_SEPARATOR; of MongoDB's `{"$date": ...}`, `{"$oid": ...}` and the like what is inside). Its named
    groups are the parts that are known from then on; a group `rest` is what it could not read. Names that end in `_at`
    must be real moments besides.
    """

    path: str
    pattern: str

    @cached_property
    def steps(self) -> tuple[str, ...]:
        return tuple(self.path.replace("[]", ".[]").split("."))

    @cached_property
    def grammar(self) -> re.Pattern[str]:
        """Raises InvalidInput for a pattern that is none."""
        try:
            return re.compile(self.pattern, re.ASCII | re.DOTALL)
        except re.error as error:
            where = f"the pattern {self.pattern!r} of the field {self.path}"
            raise InvalidInput(f"{where} is not a regular expression: {error}") from error


LIST_SEPARATOR = "\x1f"

DECIMAL = r"\d{1,9}(?:\.\d{1,30})?"
FRACTION = rf"(?:\d{{1,9}}/[1-9]\d{{0,8}}|{DECIMAL})"
COUNT = r"\d{1,9}"
# Seconds since 1970, perhaps with a fraction; milli-, micro- or nanoseconds are told by their number of digits. What
# may be a date as well (20231114, 202311142213) is none of them.
EPOCH = r"(?!(?:19|20)\d{6}(?!\d))-?\d{1,11}(?:\.\d{1,9})?|(?!(?:19|20)\d{10}(?!\d))\d{12,13}|\d{15,16}|\d{18,19}"
MOMENT = r"\d{4}[-:]\d\d[-:]\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)? ?(?:Z|[+-]\d\d:?\d\d)?"


def read_as_text(name: str) -> str:
    """Any single text but an empty one, or one with a NUL character, which PostgreSQL and many readers cannot hold."""
    return rf"(?P<{name}>[^\x00{LIST_SEPARATOR}]+)"
