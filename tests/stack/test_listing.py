"""Listings fit the terminal, lose nothing, and are the same rows as CSV and as JSON."""

import csv
import io
import json
from collections.abc import Callable
from datetime import date, datetime

import pytest

from watershed.cli.listing import Listing, print_listings
from watershed.declarations.counting import count_nouns
from watershed.declarations.nearby import explain_unknown

LONG = "raw/access_logs/0123456789abcdef0123456789abcdef"
MOMENT = datetime(2026, 11, 1, 2, 3, 4)
COLUMNS = ("snapshot", "at", "file", "rows", "share", "is_good", "reason", "object", "fields")
ROWS = [
    (12345, MOMENT, "a file with a long name, and spaces.log.gz", 1234567, 0.5, True, None, LONG, {"a": "é\n"}),
    (12346, None, "b", 1, None, False, "words " * 40, LONG * 3, {}),
]
LISTING = Listing("runs", COLUMNS, ROWS, brief=("snapshot", "file", "rows", "reason"))


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    def print_lines(width: int, *listings: Listing, form: str = "table") -> list[str]:
        monkeypatch.setenv("COLUMNS", str(width))
        print_listings(form, *listings)
        return capsys.readouterr().out.splitlines()

    return print_lines


@pytest.mark.parametrize("width", [40, 60, 80, 100, 132, 400])
def test_a_table_fits_the_terminal(show: Callable[..., list[str]], width: int) -> None:
    whole = Listing("runs", COLUMNS, ROWS)
    for listing in (LISTING, whole, Listing("few", ("name", "n"), [("x" * 300, 1)])):
        assert max(map(len, show(width, listing))) <= width
    told = "".join("".join(show(width, whole)).split())
    assert LONG in told or width > 60  # wrapped in a column, it stands in pieces
    assert told.count("words") == 40


def test_a_wide_terminal_is_used(show: Callable[..., list[str]]) -> None:
    title, head, first, second = show(900, LISTING)
    assert (title, head.split()) == ("runs", list(COLUMNS))
    assert "1,234,567" in first and "12345  2026-11-01 02:03:04" in first and "yes" in first
    assert second.split()[:4] == ["12346", "-", "b", "1"]


def test_a_narrow_one_has_the_columns_that_matter_and_says_which_are_left_out(show: Callable[..., list[str]]) -> None:
    shown = show(80, LISTING)
    assert shown[1].split() == ["snapshot", "file", "rows", "reason"]
    left_out = "(at, share, is_good, object, fields: in a wider terminal, or with --format csv or json)"
    assert " ".join(" ".join(shown).split()).endswith(left_out)


def test_csv_and_json_have_every_row(show: Callable[..., list[str]]) -> None:
    found = json.loads("\n".join(show(40, LISTING, form="json")))
    assert found[0] == dict(zip(COLUMNS, [12345, str(MOMENT), *ROWS[0][2:]], strict=True))
    assert found[1]["at"] is None
    head, first, second = csv.reader(io.StringIO("\n".join(show(40, LISTING, form="csv"))))
    assert head == list(COLUMNS)
    assert first[:6] == ["12345", str(MOMENT), ROWS[0][2], "1234567", "0.5", "true"]
    assert json.loads(first[8]) == {"a": "é\n"} and second[6] == ROWS[1][6]


def test_several_listings(show: Callable[..., list[str]]) -> None:
    two = (Listing("a", ("n",), [(1,)]), Listing("b", ("day",), [(date(2026, 1, 2),)]))
    assert json.loads("".join(show(80, *two, form="json"))) == {"a": [{"n": 1}], "b": [{"day": "2026-01-02"}]}
    assert show(80, *two, form="csv") == ["n", "1", "", "day", "2026-01-02"]
    assert show(80, *two, Listing("c", ("x",), [])) == ["a", "n", "1", "", "b", "day", "2026-01-02", "", "c: none"]


def test_a_name_does_not_move_the_cursor(show: Callable[..., list[str]]) -> None:
    title, _, row = show(80, Listing("files", ("file",), [("a\x1b[2J\x07\u202eb",)], title="of\x1b[1m x"))
    assert (title, row) == ("of\\x1b[1m x", "a\\x1b[2J\\x07\\u202eb")


def test_one_is_not_many() -> None:
    assert [count_nouns(n, "row") for n in (0, 1, 2, 12345)] == ["0 rows", "1 row", "2 rows", "12,345 rows"]


@pytest.mark.parametrize("name", ["core.reqests", "reqests", "requests", "CORE.REQUESTS", "core.requets"])
def test_what_is_near_is_named(name: str) -> None:
    told = explain_unknown("table", name, ["core.requests", "core.users", "mart.top_pages"])
    assert told == f"there is no table {name!r}: did you mean core.requests?"
    assert explain_unknown("table", "zzz", ["b", "a"]) == "there is no table 'zzz'; the tables are a, b"


def test_names_and_commands_stay_whole(show: Callable[..., list[str]]) -> None:
    address, command = "mart.recommendation_health_hourly", f"`watershed refused {LONG}`"
    columns = ("table", "source", "rule", "reason", "rows", "share")
    rows = [(address, "photo_documents", "between:status_code", f"mend it, or {command} " * 2, 1, 54.9)]
    whole, brief = Listing("bad", columns, rows), Listing("bad", columns, rows, brief=("table", "rule", "rows"))
    for listing in (whole, brief):
        shown = show(80, listing)
        assert max(map(len, shown)) <= 80
        assert any(address in line for line in shown) and any("between:status_code" in line for line in shown)
    assert sum(command in line for line in show(80, whole)) == 2
    assert show(80, brief)[1].split() == ["table", "rule", "rows"]


def test_numbers_have_the_decimals_that_they_need(show: Callable[..., list[str]]) -> None:
    listing = Listing(
        "n", ("percent", "share", "seconds"), [(54.9, 0.8471, 2.0), (9.8, None, 91.0), (12345.25, 0.5, 1.0)]
    )
    assert [line.split() for line in show(80, listing)[2:]] == [
        ["54.90", "0.8471", "2.0"], ["9.80", "-", "91.0"], ["12,345.25", "0.5000", "1.0"],
    ]  # fmt: skip
