"""Everything has an owner who can be reached, and tags that are words."""

from dataclasses import replace
from pathlib import Path

import pytest

from contracts.owners import OWNERS
from watershed.declarations import find_table, list_tables
from watershed.declarations.owners import Owner, explain_owner, find_owner
from watershed.declarations.table import Column
from watershed.warehouse.schema.described import find_tagged, list_declared
from watershed.warehouse.schema.marts import read_mart
from watershed.warehouse.schema.sql_headers import HeaderBroken

HEADER = "-- owner: photos\n-- description: d\n-- grain: g\n-- key: a\n-- partition: whole\n-- inputs: core.photos\n"


def test_every_owner_is_declared() -> None:
    """Of tables, marts and views; those of DAGs are looked at beside the DAGs."""
    sentences = [f"{one.address}: {explain_owner(one.owner)}" for one in list_declared() if not find_owner(one.owner)]
    assert sentences == []
    assert len({owner.name for owner in OWNERS}) == len(OWNERS)


def test_an_owner_that_nobody_knows_is_told_with_those_that_are_near() -> None:
    assert explain_owner("web-platfrom").startswith("there is no owner 'web-platfrom': did you mean web-platform?")
    assert "contracts/owners.py" in explain_owner("nobody")


@pytest.mark.parametrize(
    ("ways", "sentence"),
    [
        ({}, "cannot be reached"),
        ({"email": "team"}, "write it as team@company.example"),
        ({"email": "team@x.example?bcc=everybody@x.example"}, "write it as"),
        ({"chat": "javascript:alert(1)"}, "begins with https://"),
        ({"email": "team@x.example", "on_call": "http://oncall.example"}, "begins with https://"),
    ],
)
def test_an_owner_can_be_reached(ways: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Owner("team", "What they do", **ways)


def test_ways_are_links_and_text() -> None:
    one = Owner("team", "What they do", "team@x.example", on_call="https://oncall.example/team")
    assert one.ways == {"team@x.example": "mailto:team@x.example", "on call": "https://oncall.example/team"}
    assert one.contact == "team@x.example, on call https://oncall.example/team"


def test_tags_are_words() -> None:
    table = find_table("requests")
    for wrong in ("Web", "two words", "#web", "", "a,b"):
        with pytest.raises(ValueError, match=r"contracts/requests\.py has the tag"):
            replace(table, tags=(wrong,))
        with pytest.raises(ValueError, match=r"contracts/requests\.py has the tag"):
            replace(table, columns=(replace(table.columns[0], tags=(wrong,)), *table.columns[1:]))


def test_a_tag_of_a_column_finds_its_table() -> None:
    assert find_tagged("device-clock") == {"core.photo_events"}
    assert {"core.requests", "mart.top_pages"} <= find_tagged("web")
    with pytest.raises(LookupError, match="did you mean films"):
        find_tagged("film")
    tagged = {table.address: table.tags for table in list_tables()}
    assert tagged["speed.ratings"] == tagged["core.ratings"]


def test_an_sql_file_tags_itself_and_its_columns(tmp_path: Path) -> None:
    file = tmp_path / "things.sql"
    file.write_text(f"{HEADER}-- tags: web, slow\n-- column a: A\n-- column b: B\n-- tags b: device-clock\nSELECT 1\n")
    mart = read_mart(file)
    assert mart.tags == ("web", "slow")
    assert [(column.name, column.tags) for column in mart.columns] == [("a", ()), ("b", ("device-clock",))]
    for wrong, sentence in (("-- tags: Web", "the tag 'Web'"), ("-- tags c: web", "tags of c, which is not a column")):
        file.write_text(f"{HEADER}-- column a: A\n{wrong}\nSELECT 1\n")
        with pytest.raises(HeaderBroken, match=sentence):
            read_mart(file)


def test_a_column_has_no_tags_unless_told() -> None:
    assert Column("a", find_table("requests").columns[0].type, "A").tags == ()
