"""Names and types of contracts for what databases call and hold otherwise."""

import keyword

import pyarrow as pa
import pytest

from tests.architecture.test_names import SNAKE_CASE, judge_name
from watershed.declarations.table import JSON_TEXT, UTC_TIMESTAMP, Column
from watershed.scaffold.database_source.catalog import Catalog, choose_key
from watershed.scaffold.database_source.columns import NamedTable, fit_name, guess_personal, name_columns
from watershed.scaffold.database_source.kinds import find_kind, kind_source, merge_kinds
from watershed.scaffold.database_source.names import (
    list_reserved,
    make_plural,
    make_singular,
    make_snake,
    name_tables,
)
from watershed.scaffold.database_source.texts import rules_source, text_source
from watershed.sources.postgres.catalog import ForeignKey
from watershed.sources.postgres.table import SourceColumn, SourceTable

PLURALS = {
    "Album": "albums", "MediaType": "media_types", "order details": "order_details", "us_states": "us_states",
    "Address": "addresses", "category": "categories", "day": "days", "status": "statuses", "staff": "staffs",
    "analysis": "analyses", "box": "boxes", "series": "series", "HTTPServer": "http_servers", "Größe": "grosses",
    "customer_customer_demo": "customer_customer_demos", "tbl-Kunden.Alt": "tbl_kunden_alts", "日本": "columns",
}  # fmt: skip


@pytest.mark.parametrize("name", PLURALS)
def test_tables_are_plural_nouns_in_snake_case(name: str) -> None:
    assert make_plural(make_snake(name)) == PLURALS[name]
    assert SNAKE_CASE.fullmatch(PLURALS[name])


def test_one_of_them() -> None:
    plurals = ("albums", "addresses", "categories", "boxes", "statuses", "series", "order_details", "days")
    singulars = ["album", "address", "category", "box", "status", "series", "order_detail", "day"]
    assert [make_singular(plural) for plural in plurals] == singulars


def make_table(name: str, *columns: str | SourceColumn, schema: str = "public") -> SourceTable:
    own = tuple(c if isinstance(c, SourceColumn) else SourceColumn(c, "integer") for c in columns)
    return SourceTable(schema, name, own, (own[0].name,), False, True)


def test_a_name_that_is_taken_gets_the_schema_or_the_source_before_it() -> None:
    tables = [make_table(name, "id", schema=schema) for schema, name in (
        ("archive", "Item"), ("public", "item"), ("public", "customer"), ("public", "table"), ("public", "value"),
        ("public", "Items"), ("sales", "items"),
    )]  # fmt: skip
    names = name_tables("shop", tables, {"customers", "tables"})
    assert names == {
        "archive.Item": "archive_items", "public.item": "items", "public.customer": "shop_customers",
        "public.table": "shop_tables", "public.value": "shop_values", "public.Items": "shop_items",
        "sales.items": "sales_items",
    }  # fmt: skip


AWKWARD = {
    "UnitPrice": "integer", "order": "integer", "Order": "text", "is_deleted": "boolean", "active": "boolean",
    "raw_line": "integer", "valid_from": "timestamp", "valid_to": "date", "payment_date": "timestamp",
    "date": "timestamp", "created_at": "text", "hired_at": "date", "is_new": "integer", "size_bytes": "text",
    "took_ms": "integer", "2fa": "text", "class": "text", " ": "text", "expiration": "timestamp", "name ": "text",
    "name": "text",
    "ID": "uuid", "id": "bigint", "raw_object": "bytea", "is_current": "text", "seen_on": "timestamp",
    "start_date": "text",
}  # fmt: skip
DUCKDB = {
    "integer": "INTEGER", "text": "VARCHAR", "boolean": "BOOLEAN", "timestamp": "TIMESTAMP", "date": "DATE",
    "uuid": "UUID", "bigint": "BIGINT", "bytea": "BLOB",
}  # fmt: skip


def name_all(tables: dict[str, dict[str, str]], known: dict[str, pa.DataType] | None = None) -> dict[str, list[Column]]:
    made = [make_table(name, *(SourceColumn(c, kind) for c, kind in kinds.items())) for name, kinds in tables.items()]
    kinds = {f"public.{name}": {c: DUCKDB.get(k, k) for c, k in columns.items()} for name, columns in tables.items()}
    named = name_columns(
        "shop", Catalog(tuple(made), kinds, (), ()), {t.address: t.name for t in made}, known or {}, []
    )
    return {table.name: list(table.columns) for table in named}


def test_columns_keep_the_rules_of_the_house() -> None:
    [columns] = name_all({"customers": AWKWARD}).values()
    assert [column.origin_name for column in columns] == list(AWKWARD)
    assert len({column.name for column in columns}) == len(AWKWARD)
    for column in columns:
        assert SNAKE_CASE.fullmatch(column.name), column
        assert column.name not in list_reserved() and not keyword.iskeyword(column.name)
        assert not [column for is_named, is_typed in judge_name(column) if is_named and not is_typed], column
        assert column.description and column.name not in (
            "raw_line",
            "raw_object",
            "valid_from",
            "valid_to",
            "is_current",
        )
    names = {column.origin_name: column.name for column in columns}
    assert (names["UnitPrice"], names["order"], names["is_deleted"]) == (
        "unit_price", "customer_order", "is_customer_deleted",
    )  # fmt: skip
    assert (names["payment_date"], names["active"], names["expiration"]) == ("payment_at", "is_active", "expiration_at")


def test_a_name_has_one_type_everywhere() -> None:
    first = {"id": "integer", "amount": "DECIMAL(5,2)", "rating": "text", "note": "text", "total": "integer"}
    second = {"id": "bigint", "amount": "DECIMAL(10,4)", "rating": "text", "note": "bytea", "total": "DOUBLE"}
    named = name_all({"sales": first, "orders": second}, {"rating": pa.int32()})
    kinds: dict[str, set[str]] = {"rating": {"int32"}}
    for column in (column for columns in named.values() for column in columns):
        kinds.setdefault(column.name, set()).add(str(column.type))
    assert [name for name, found in kinds.items() if len(found) > 1] == []
    assert kinds["id"] == {"int64"} and kinds["amount"] == {"decimal128(10, 4)"}
    assert {"sale_rating", "order_rating", "order_note", "order_total"} <= set(kinds)


@pytest.mark.parametrize(
    ("duckdb", "postgres", "spelled"),
    [
        ("SMALLINT", "smallint", "pa.int32()"),
        ("DECIMAL(10,2)", "numeric(10,2)", "pa.decimal128(10, 2)"),
        ("VARCHAR", "numeric", "pa.string()"),
        ("VARCHAR", "jsonb", "JSON_TEXT"),
        ("VARCHAR[]", "text[]", "TEXT_LIST"),
        ("INTEGER[]", "integer[]", "pa.list_(pa.int32())"),
        ("ENUM('a', 'b')", "mood", "pa.string()"),
        ("TIME", "time without time zone", "pa.string()"),
        ("STRUCT(r INTEGER)", "colour", "pa.string()"),
        ("BLOB", "bytea", "pa.binary()"),
        ("DATE", "date", "pa.date32()"),
        ("BOOLEAN", "boolean", "pa.bool_()"),
        ("TIMESTAMP", "timestamp with time zone", "UTC_TIMESTAMP"),
    ],
)
def test_types_are_as_wide_as_the_values(duckdb: str, postgres: str, spelled: str) -> None:
    assert kind_source(find_kind(duckdb, postgres)) == spelled


def test_types_that_have_none_in_common() -> None:
    assert merge_kinds([pa.decimal128(38, 0), pa.decimal128(38, 10)]) is None
    assert merge_kinds([pa.string(), JSON_TEXT]) is None
    assert merge_kinds([UTC_TIMESTAMP, UTC_TIMESTAMP]) == UTC_TIMESTAMP


@pytest.mark.parametrize(
    ("kind", "of", "has_rule"),
    [
        ("integer", "bigint", True),
        ("integer", "numeric(10,0)", True),
        ("numeric(8,2)", "numeric(10,2)", True),
        ("character varying(20)", "text", True),
        ("character(3)", "character(3)", True),
        ("uuid", "uuid", True),
        ("timestamp with time zone", "timestamp with time zone", True),
        ("public.mood", "public.mood", True),
        ("integer", "numeric", False),
        ("numeric", "numeric", False),
        ("public.citext", "public.citext", False),
        ("text", "public.citext", False),
        ("character(3)", "character(5)", False),
        ("character varying", "character(5)", False),
        ("interval", "interval", False),
        ("date", "timestamp without time zone", False),
    ],
)
def test_a_foreign_key_is_a_rule_where_values_are_compared_alike(kind: str, of: str, has_rule: bool) -> None:
    shops, sales = make_table("shops", SourceColumn("code", of)), make_table("sales", "id", SourceColumn("shop", kind))
    columns = {"sales": (Column("id", pa.int32(), "x"), Column("shop", pa.string(), "x"))}
    columns["shops"] = (Column("code", pa.string(), "x"),)
    named = {t.address: NamedTable(t, t.name, columns[t.name]) for t in (shops, sales)}
    foreign = ForeignKey(sales.address, ("shop",), shops.address, ("code",))
    rules = rules_source(named[sales.address], named, [foreign])
    assert ('expect_known(known, "shop", "shops"' in rules) == has_rule
    assert ("expect_known" in rules) == has_rule


def test_a_key_is_the_primary_one_or_a_unique_index_without_nulls() -> None:
    table = make_table("item", SourceColumn("a", "text", False), SourceColumn("b", "text", False), "c")
    uniques = (("c",), ("a", "b"), ("b",))
    bare = SourceTable(table.schema, table.name, table.columns, (), False, True, uniques=uniques)
    assert [choose_key(t).key for t in (table, bare)] == [("a",), ("b",)]


def test_personal_columns_are_guessed_by_their_words() -> None:
    assert all(
        guess_personal(name, "order", pa.string()) for name in ("email", "ship_address", "birth_date", "last_name")
    )
    assert guess_personal("name", "customer", pa.string()) and not guess_personal("name", "product", pa.string())
    assert not any(guess_personal(name, "customer", pa.int32()) for name in ("customer_id", "address_id", "balance"))


def test_texts_are_literals_whatever_is_in_them() -> None:
    for text in ("plain", 'a "b"', "it's", "a'\"b", "back\\slash", "two\nlines", "käse – 日本", "\x00", "{x}", "%s $y"):
        assert eval(text_source(text)) == text
        assert "\n" not in text_source(text)


def test_ends_promise_types() -> None:
    assert fit_name("modified_date", UTC_TIMESTAMP) == "modified_at"
    assert fit_name("last_update", UTC_TIMESTAMP) == "last_update_at"
    assert fit_name("order_date", pa.int64()) == "order_date_number"
