"""The kinds of rule that Great Expectations lacks, as expectations of its own kind, and those of its own that we use.

Each takes `description`, the plain-language reason that people read in the ledger, the quarantine and Data Docs.
"""

import logging
from datetime import date, timedelta
from statistics import median
from typing import Any, ClassVar

from great_expectations import expectations as stock
from great_expectations.compatibility.pydantic import PrivateAttr
from great_expectations.expectations.expectation import BatchExpectation, ColumnMapExpectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from watershed.declarations.counting import count_nouns

# Each name below that is its own too takes the place of its own in its registry, of which it would warn.
logging.getLogger("great_expectations").setLevel(logging.CRITICAL)

RECENT = timedelta(days=28)
FEW_DAYS = 3  # fewer earlier days than this say nothing about what is usual
BAND = 5  # a day is unusual with more than so many times the median of the recent days, or less than that part of it


class RowRule(ColumnMapExpectation):
    """Keeps its configuration, which Great Expectations makes anew whenever it looks at any part of it: a hundred times
    a check, which was a third of the time of a check."""

    _kept: ExpectationConfiguration | None = PrivateAttr(default=None)

    @property
    def configuration(self) -> ExpectationConfiguration:
        if self._kept is None:
            self._kept = super().configuration
        return self._kept

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in self.__fields__:
            self._kept = None


class TableRule(BatchExpectation):
    """About the relation as a whole, by metrics that depend on no others."""


class ExpectColumnValuesToBeBetween(RowRule, stock.ExpectColumnValuesToBeBetween):
    """As Great Expectations has it."""


class ExpectColumnValuesToBeInSet(RowRule, stock.ExpectColumnValuesToBeInSet):
    """As Great Expectations has it."""


class ExpectColumnValuesToMatchRegex(RowRule, stock.ExpectColumnValuesToMatchRegex):
    """As Great Expectations has it."""


class ExpectColumnValuesToNotBeNull(RowRule, stock.ExpectColumnValuesToNotBeNull):
    """As Great Expectations has it."""


class ExpectColumnValuesToSatisfy(RowRule):
    """A SQL condition over the columns of the row holds wherever `column` has a value. Null counts as true."""

    condition: str
    map_metric: ClassVar[str] = "column_values.satisfy"
    success_keys: ClassVar[tuple[str, ...]] = ("condition", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "condition")


class ExpectColumnMoments(ExpectColumnValuesToSatisfy):
    """As above, of a time or a date: a rule of its own name."""


class ExpectColumnValuesToExistIn(RowRule):
    """`column` and `others` together are among `keys`, a SELECT of as many columns of another relation. A null in one
    of them counts as true. `about` is part of the rule's name, where the same columns refer to several relations."""

    keys: str
    others: list[str]
    about: str
    map_metric: ClassVar[str] = "column_values.exist_in"
    success_keys: ClassVar[tuple[str, ...]] = ("keys", "others", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "others", "keys")


class ExpectKeyToBeUnique(RowRule):
    """`column` and `others` together occur once among the rows for which the SQL condition `among` is true."""

    others: list[str]
    among: str
    map_metric: ClassVar[str] = "column_values.unique_key"
    success_keys: ClassVar[tuple[str, ...]] = ("others", "among", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "others", "among")


class ExpectTableRowCountToBeBetween(TableRule, stock.ExpectTableRowCountToBeBetween):
    """As Great Expectations has it."""


class ExpectColumnTypes(TableRule):
    """The relation has just these columns, in any order, each of a DuckDB type listed for it, and `retired` ones
    perhaps."""

    types: dict[str, list[str]]
    retired: list[str]
    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.column_types",)
    success_keys: ClassVar[tuple[str, ...]] = ("types",)
    args_keys: ClassVar[tuple[str, ...]] = ("types",)

    def _validate(self, metrics: dict, *args: Any, **kwargs: Any) -> dict:
        found = {c["name"]: c["type"] for c in metrics["table.column_types"]}
        missing = [f"{name} is missing" for name in self.types if name not in found]
        unknown = [f"{name} is not in the contract" for name in found if name not in {*self.types, *self.retired}]
        wrong = [
            f"{name} is {found[name]} instead of {allowed[0]}"
            for name, allowed in self.types.items()
            if name in found and found[name] not in allowed
        ]
        problems = missing + unknown + wrong
        return {"success": not problems, "result": {"observed_value": "; ".join(problems) or "as declared"}}


class ExpectLinesToBeUnique(TableRule):
    """No two rows come from the same line of the same raw object."""

    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.repeated_lines",)

    def _validate(self, metrics: dict, *args: Any, **kwargs: Any) -> dict:
        repeated = metrics["table.repeated_lines"]
        seen = f"{count_nouns(repeated, 'row')} {'repeats' if repeated == 1 else 'repeat'} a line"
        return {"success": repeated == 0, "result": {"observed_value": seen}}


class ExpectNoneFound(TableRule):
    """A query finds no row. In it `{rows}` stands for the relation that is checked; `about` is the rule's name."""

    about: str
    query: str
    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.found_rows",)
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id", "table")
    success_keys: ClassVar[tuple[str, ...]] = ("about", "query")
    args_keys: ClassVar[tuple[str, ...]] = ("about", "query")

    def _validate(self, metrics: dict, *args: Any, **kwargs: Any) -> dict:
        found = metrics["table.found_rows"]
        return {"success": found == 0, "result": {"observed_value": f"{found:,} found"}}


class ExpectUsualRowsPerDay(TableRule):
    """Each day's rows are within a band around the median of the four weeks before it.

    `before` tells how many rows each day (YYYY-MM-DD) has already; the staged rows come on top. A day from `today` on
    may still be filling and is not called too small. Days with fewer than three earlier days are not judged.
    """

    column: str
    before: dict[str, int]
    today: str
    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.rows_per_day",)
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id", "table")
    success_keys: ClassVar[tuple[str, ...]] = ("column", "before", "today")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "before", "today")

    def _validate(self, metrics: dict, *args: Any, **kwargs: Any) -> dict:
        before = {date.fromisoformat(day): rows for day, rows in self.before.items()}
        unusual = find_unusual_days(metrics["table.rows_per_day"], before, date.fromisoformat(self.today))
        return {"success": not unusual, "result": {"observed_value": "; ".join(unusual) or "all days as usual"}}


def find_unusual_days(staged: dict[date, int], before: dict[date, int], today: date) -> list[str]:
    """A sentence for every staged day that has far more or far fewer rows than the days before it."""
    total = {day: staged.get(day, 0) + before.get(day, 0) for day in staged | before}
    unusual = []
    for day in sorted(staged):
        recent = [rows for other, rows in total.items() if day - RECENT <= other < day]
        if len(recent) < FEW_DAYS:
            continue
        usual = median(recent)
        if total[day] > BAND * usual or (day < today and total[day] < usual / BAND):
            unusual.append(f"{day} has {count_nouns(total[day], 'row')} where {usual:,.0f} are usual")
    return unusual
