"""The names of rules, as the ledger and the quarantine have them."""

from great_expectations.expectations.expectation import ColumnMapExpectation, Expectation

from watershed.quality.adapter.expectations import ExpectColumnValuesToExistIn, ExpectNoneFound

SHORT_NAMES = {
    "expect_column_values_to_not_be_null": "not_null",
    "expect_column_values_to_be_between": "between",
    "expect_column_values_to_be_in_set": "in_set",
    "expect_column_values_to_match_regex": "regex",
    "expect_column_values_to_satisfy": "satisfy",
    "expect_column_moments": "moment",
    "expect_column_values_to_exist_in": "exists",
    "expect_key_to_be_unique": "unique",
    "expect_lines_to_be_unique": "unique_lines",
    "expect_column_types": "columns",
    "expect_none_found": "none",
    "expect_usual_rows_per_day": "usual_days",
    "expect_table_row_count_to_be_between": "row_count",
}


def name_rule(rule: Expectation) -> str:
    """A short name, such as `between:rating`; `share:` where a rule allows for some rows that break it. A reference
    is told by all of its columns, and by what it is about if that is said."""
    kind = SHORT_NAMES.get(rule.expectation_type, rule.expectation_type.removeprefix("expect_"))
    if isinstance(rule, ExpectNoneFound):
        return f"{kind}:{rule.about}"
    if not isinstance(rule, ColumnMapExpectation):
        return kind
    if isinstance(rule, ExpectColumnValuesToExistIn):
        return ":".join(filter(None, [kind, ",".join([rule.column, *rule.others]), rule.about]))
    return f"{kind if rule.mostly == 1 else 'share'}:{rule.column}"
