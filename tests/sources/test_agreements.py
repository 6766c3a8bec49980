"""Contracts of databases that nobody here designed: their names, their keys, and what cannot be, said beforehand."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from tests.empty_lake import EmptyLake
from tests.sources.application import Application, open_application
from watershed.declarations.table import UTC_TIMESTAMP, Column, Origin, Source, Table
from watershed.sources.oltp import extract
from watershed.sources.postgres.extractions import read_extraction, read_manifest

pytestmark = pytest.mark.servers

DEPOT = Source("depot", "oltp", "A depot's database")
SCRIPT = """
    create schema archive;
    create table "Part" ("PartId" int primary key, "order" text, "Unit Price" numeric(8,3), code char(4) unique,
        label text not null, "Seen At" timestamptz, "raw_line" int, "_row_version" int, "ID" int, "id" int);
    create unique index on "Part" (label);
    create table archive."Part" ("PartId" bigint, picture bytea);
    create view part_list as select * from "Part";
    create table notes (note text);
    insert into "Part" select n, 'o' || n, n / 8.0, nullif('c' || n, 'c1'), 'label ' || n,
        '2026-03-01Z'::timestamptz + n * '1 h'::interval, n * 10, n * 100, n * 7, n * 9 from generate_series(1, 5) n;
    insert into archive."Part" values (1, '\\x00'), (1, null);
"""


def declare(
    key: str, *columns: Column, schema: str = "public", table: str = "Part", changed: str | None = None
) -> Table:
    return Table(
        name="parts",
        description="Parts.",
        grain="one version of one part",
        owner="depot",
        columns=columns,
        key=tuple(key.split()),
        sources=(DEPOT,),
        replaces="key",
        day=None,
        freshness=timedelta(days=1),
        origin=Origin(schema, table, changed),
    )


def column(name: str, kind: pa.DataType, source_name: str | None = None) -> Column:
    return Column(name, kind, "Whatever it is", nullable=True, source_name=source_name)


PART_ID = column("part_id", pa.int64(), "PartId")
LABEL = column("label", pa.string())
SEEN_AT = column("seen_at", UTC_TIMESTAMP, "Seen At")
AWKWARD = (
    column("part_order", pa.string(), "order"),
    column("unit_price", pa.decimal128(8, 3), "Unit Price"),
    column("their_line", pa.int32(), "raw_line"),
    column("their_version", pa.int32(), "_row_version"),
    column("upper_id", pa.int32(), "ID"),
    column("lower_id", pa.int32(), "id"),
)


@pytest.fixture
def depot(application: Application) -> Application:
    application.execute(SCRIPT)
    return application


@pytest.fixture(scope="module")
def unchanged(module_lake: EmptyLake) -> Iterator[Application]:
    """The same for tests that change nothing."""
    with open_application(module_lake) as application:
        application.execute(SCRIPT)
        yield application


def take(depot: Application, table: Table, since: str | None = None) -> str | None:
    return extract(depot.con, depot.url, depot.store, "depot", since, [table])


def read(depot: Application, table: Table, key: str | None) -> tuple[list[Any], list[Any]]:
    """Rows, without the object's key, and keys."""
    _, rows, keys = read_extraction(depot.store, str(key), table)
    listed = depot.con.execute(f"SELECT * EXCLUDE raw_object FROM ({rows}) ORDER BY ALL").fetchall()
    return listed, depot.con.execute(f"FROM ({keys}) ORDER BY ALL").fetchall()


def test_columns_may_have_any_name_at_the_database(depot: Application) -> None:
    parts = declare("part_id", PART_ID, *AWKWARD)
    rows, keys = read(depot, parts, take(depot, parts))
    expected = 'select "PartId", "order", "Unit Price", "raw_line", "_row_version", "ID", id from "Part" order by 1'
    assert [row[:-1] for row in rows] == depot.execute(expected).fetchall()
    assert keys == [(n,) for n in range(1, 6)]


@pytest.mark.parametrize("changed", ["seen_at", None])
def test_a_unique_natural_key_tells_rows_apart(depot: Application, changed: str | None) -> None:
    """Whatever the primary key is: a label that changes is another part."""
    parts = declare("label", LABEL, PART_ID, SEEN_AT, changed=changed)
    first = take(depot, parts)
    assert take(depot, parts, first) is None
    depot.execute("""update "Part" set label = 'new' where "PartId" = 2; delete from "Part" where "PartId" = 5""")
    depot.execute("""update "Part" set "order" = 'x', "Seen At" = '2020-01-01Z' where "PartId" = 4""")
    rows, keys = read(depot, parts, take(depot, parts, first))
    assert [(label, part) for label, part, *_ in rows] == [("label 4", 4), ("new", 2)]
    assert keys == [("label 1",), ("label 3",), ("label 4",), ("new",)]


def test_a_table_is_told_from_one_of_another_schema(depot: Application) -> None:
    picture = column("picture", pa.binary())
    both = [declare("part_id", PART_ID), declare("part_id picture", PART_ID, picture, schema="archive")]
    depot.execute("""update archive."Part" set picture = '\\x01' where picture is null""")
    key = extract(depot.con, depot.url, depot.store, "depot", None, both)
    assert read_manifest(depot.store, str(key)).find_origin(both[0]).row_count == 5
    assert read(depot, both[1], key)[1] == [(1, b"\x00"), (1, b"\x01")]


def test_rows_of_heirs_are_a_tables_own(depot: Application) -> None:
    """Unless another contract wants them: then each has its own."""
    depot.execute(
        'create table rare (grade int) inherits ("Part"); insert into rare ("PartId", label) values (9, \'r\')'
    )
    parts, rare = declare("part_id", PART_ID), declare("part_id", PART_ID, table="rare")
    assert len(read(depot, parts, take(depot, parts))[1]) == 6
    key = extract(depot.con, depot.url, depot.store, "depot", None, [parts, rare])
    assert [len(read(depot, table, key)[1]) for table in (parts, rare)] == [5, 1]
    depot.execute("insert into rare (\"PartId\", label) values (1, 'twice')")
    with pytest.raises(ValueError, match="is repeated in 1 row"):
        take(depot, parts)


FILE = "contracts/parts.py"
PROBLEMS = {
    "no table": (declare("x", table="Gone"), f"no table public.Gone: create it, or mend {FILE}"),
    "capitals": (
        declare("x", table="part"),
        f"no table public.part but archive.Part and public.Part: say which .*{FILE}",
    ),
    "view": (declare("x", table="part_list"), f"public.part_list is a view, whose rows .*: let {FILE} name the table"),
    "no column": (
        declare("size", column("size", pa.int64())),
        f"public.Part has no column size, which {FILE} wants: mend",
    ),
    "near": (declare("part_id", column("part_id", pa.int64())), 'no column part_id, .*: say source_name="PartId"'),
    "key": (declare("part_no", PART_ID), f"{FILE} has no column part_no, which its key or its origin names"),
    "changed": (
        declare("part_id", PART_ID, changed="at"),
        f"{FILE} has no column at, which its key or its origin names",
    ),
    "no moment": (declare("part_id", PART_ID, changed="part_id"), f"part_id of {FILE} is int64: no moment of a change"),
    "no cast": (
        declare("part_id", PART_ID, column("seen_at", pa.int64(), "Seen At")),
        f"public.Part.Seen At is timestamp with time zone, which does not fit the int64 of {FILE}: change the type",
    ),
    "digits": (
        declare("part_id", PART_ID, column("price", pa.decimal128(12, 2), "Unit Price")),
        r"public.Part.Unit Price is numeric\(8,3\), which does not fit the decimal128\(12, 2\)",
    ),
    "nulls": (
        declare("code", column("code", pa.string())),
        f"code, the key of {FILE}, is missing in 1 row of public.Part",
    ),
    "repeats": (
        declare("part_id", PART_ID, schema="archive"),
        f"part_id, the key of {FILE}, is repeated in 1 row of archive.Part: choose another key",
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_cannot_be_is_said_before_anything_lands(unchanged: Application, name: str) -> None:
    table, sentence = PROBLEMS[name]
    before = list(unchanged.store.list("raw"))
    with pytest.raises((ValueError, LookupError), match=sentence) as caught:
        take(unchanged, table)
    assert "\n" not in str(caught.value)
    assert list(unchanged.store.list("raw")) == before


def test_two_tables_of_a_name_need_a_schema(depot: Application) -> None:
    depot.execute('alter table archive."Part" rename to parts; create table parts (part_id int primary key)')
    parts = replace(declare("part_id", column("part_id", pa.int64())), origin=None)
    with pytest.raises(LookupError, match=r"no table parts but archive\.parts and public\.parts: say which"):
        take(depot, parts)


def test_rights_are_looked_at_first(depot: Application) -> None:
    """Rows that row security hides would count as deleted."""
    depot.execute("create role clerk login password 'x'; grant usage on schema public to clerk")
    clerk = depot.url.replace(depot.url.partition("//")[2].partition("@")[0], "clerk:x")
    parts = declare("part_id", PART_ID)
    try:
        for statement, sentence in (
            ("select", "the user may not read public.Part: GRANT SELECT ON public.Part to it"),
            ('grant select on "Part" to clerk', ""),
            ('alter table "Part" enable row level security', "row security hides rows of public.Part from the user"),
        ):
            depot.execute(statement)
            if not sentence:
                assert extract(depot.con, clerk, depot.store, "depot", None, [parts])
                continue
            with pytest.raises(ValueError, match=sentence):
                extract(depot.con, clerk, depot.store, "depot", None, [parts])
    finally:
        depot.execute("drop owned by clerk; drop role clerk")
