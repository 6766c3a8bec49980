"""What is planned for a table whose contract has changed, and files that were staged before: without a server."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from watershed.declarations.table import Column
from watershed.warehouse.republish import Overtaken
from watershed.warehouse.schema.evolution import ContractBroken, Fields, LakeColumn, describe_columns, plan_table
from watershed.warehouse.staged_fit import fit_files

ADDRESS = "core.gadgets"


def fields(*columns: LakeColumn) -> Fields:
    return {column.name: column for column in columns}


def plan(wanted: Fields, found: Fields) -> tuple[list[str], list[str]]:
    planned = plan_table(ADDRESS, wanted, found)
    return planned.told, planned.actions


def test_an_unchanged_table_is_left_alone() -> None:
    columns = (
        Column("gadget_id", pa.int64(), "Which"),
        Column("price", pa.decimal128(12, 2), "What it costs", nullable=True),
        Column("seen_at", pa.timestamp("us", tz="UTC"), "When"),
        Column("sizes", pa.struct([("a b", pa.list_(pa.float32()))]), "How large"),
    )
    wanted = describe_columns(ADDRESS, columns)
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE t ({', '.join(field.definition for field in wanted.values())})")
        rows = con.execute("SELECT column_name, data_type, is_nullable FROM duckdb_columns() WHERE table_name = 't'")
        found = fields(*(LakeColumn(*row) for row in rows.fetchall()))
    assert plan(wanted, found) == ([], [])


def test_a_column_is_added_without_a_promise_about_older_rows() -> None:
    wanted = fields(LakeColumn("a", "BIGINT", False), LakeColumn("b", "VARCHAR", False))
    assert plan(wanted, fields(LakeColumn("a", "BIGINT", False))) == (["b is added"], ['ADD COLUMN "b" VARCHAR'])
    assert plan(wanted, fields(LakeColumn("a", "BIGINT", False), LakeColumn("b", "VARCHAR"))) == ([], [])


def test_renamed_widened_and_freed_at_once() -> None:
    wanted = fields(LakeColumn("colour", "BIGINT", True, renamed_from=("color", "hue")))
    told, actions = plan(wanted, fields(LakeColumn("hue", "INTEGER", False)))
    assert told == ["hue is now colour", "colour is widened from INTEGER to BIGINT", "colour may be missing"]
    assert actions == [
        'RENAME COLUMN "hue" TO "colour"',
        'ALTER COLUMN "colour" SET DATA TYPE BIGINT',
        'ALTER COLUMN "colour" DROP NOT NULL',
    ]
    assert plan(wanted, fields(LakeColumn("colour", "BIGINT"), LakeColumn("hue", "INTEGER"))) == ([], [])


def test_a_name_may_be_given_to_another_column() -> None:
    """What was `total` is `net`, and there is a new `total`."""
    wanted = fields(LakeColumn("total", "DOUBLE"), LakeColumn("net", "INTEGER", renamed_from=("total",)))
    assert plan(wanted, fields(LakeColumn("total", "INTEGER"))) == (
        ["total is now net", "total is added"],
        ['RENAME COLUMN "total" TO "net"', 'ADD COLUMN "total" DOUBLE'],
    )


def test_a_column_that_is_gone_keeps_its_values_and_its_nulls_are_allowed() -> None:
    found = fields(LakeColumn("a", "BIGINT"), LakeColumn("b", "VARCHAR", False), LakeColumn("c", "VARCHAR"))
    assert plan(fields(LakeColumn("a", "BIGINT")), found) == (["b is retired"], ['ALTER COLUMN "b" DROP NOT NULL'])


def test_a_copy_selects_every_column_as_it_will_be() -> None:
    wanted = fields(LakeColumn("a", "DOUBLE", False, renamed_from=("x",)), LakeColumn("n", "JSON"))
    planned = plan_table(ADDRESS, wanted, fields(LakeColumn("x", "FLOAT", False), LakeColumn("old", "DATE", False)))
    assert planned.is_copied
    assert planned.selection == 'CAST("x" AS DOUBLE) AS "a", CAST(NULL AS JSON) AS "n", CAST("old" AS DATE) AS "old"'
    assert [field.definition for field, _ in planned.kept] == ['"a" DOUBLE NOT NULL', '"n" JSON', '"old" DATE']


@pytest.mark.parametrize(("old", "new"), [("BIGINT", "INTEGER"), ("VARCHAR", "BIGINT"), ("TIMESTAMP", "DATE")])
def test_a_change_that_would_lose_values_names_the_ways_out(old: str, new: str) -> None:
    with pytest.raises(ContractBroken) as refused:
        plan(fields(LakeColumn("a", new)), fields(LakeColumn("a", old)))
    assert str(refused.value) == (
        f"core.gadgets.a is {old} in the lake and {new} in its contract, which does not hold every value of before: "
        'give the column another name, or drop the table with `watershed tables drop core.gadgets --reason "..."` '
        "and rebuild it from raw"
    )


def test_a_type_that_cannot_be_names_its_column() -> None:
    with pytest.raises(ContractBroken, match=r"core\.gadgets\.a: no column can have the type halffloat: .*float32"):
        describe_columns(ADDRESS, [Column("a", pa.float16(), "A half")])


TABLE = fields(
    LakeColumn("price", "DOUBLE", False, renamed_from=("cost",)),
    LakeColumn("places", "BIGINT[]"),
    LakeColumn("old", "VARCHAR"),
    LakeColumn("extra", "JSON"),
)


def stage(path: Path, query: str) -> str:
    duckdb.sql(query).write_parquet(str(path))
    return str(path)


def test_files_staged_under_an_earlier_contract_are_made_to_fit(tmp_path: Path) -> None:
    now = "SELECT 2.5::DOUBLE AS price, [1::BIGINT] AS places, 'o' AS old, '1' AS extra"
    new = stage(tmp_path / "new.parquet", now)
    old = stage(tmp_path / "old.parquet", "SELECT 7::INTEGER AS cost, [2::INTEGER] AS places")
    with duckdb.connect() as con:
        fitted = fit_files(con, ADDRESS, [old, new], TABLE)
        assert fitted[1] == new
        assert fit_files(con, ADDRESS, [old, new], TABLE) == fitted  # a repeated step finds what is there
        assert fit_files(con, ADDRESS, fitted, TABLE) == fitted
        kinds = [row[1] for row in con.execute(f"DESCRIBE FROM read_parquet('{fitted[0]}')").fetchall()]
        assert kinds == ["DOUBLE", "BIGINT[]", "VARCHAR", "JSON"]
        assert con.execute(f"FROM read_parquet('{fitted[0]}')").fetchall() == [(7.0, [2], None, None)]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("SELECT [1::BIGINT] AS places", "lacks price"),
        ("SELECT 1::DOUBLE AS price, 1 AS other", "has other, which the table has not"),
        ("SELECT 'dear' AS price", "does not fit it any more"),
    ],
)
def test_files_that_cannot_fit_are_staged_anew(tmp_path: Path, query: str, why: str) -> None:
    with duckdb.connect() as con, pytest.raises(Overtaken, match=f"{why}: its contract changed .* run it again"):
        fit_files(con, ADDRESS, [stage(tmp_path / "x.parquet", query)], TABLE)
