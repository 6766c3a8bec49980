"""What a database's owner made the default of sessions does not change what is read from it."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from tests.empty_lake import EmptyLake
from tests.sources.application import SQL_ASCII, Application, open_application
from watershed.sources.postgres.catalog import UTF8
from watershed.sources.postgres.extractions import read_manifest

pytestmark = pytest.mark.servers

VALUES = """
    create schema other;
    create type other.mood as enum ('so lala');
    create table values (
        id int primary key, day date, days date[], moment timestamp, moments timestamptz[], time_of_day timetz,
        span interval, spans interval[], single real, double double precision, doubles double precision[], bytes bytea,
        blobs bytea[], money money, amounts money[], mood other.mood, document json, range tstzrange, many numeric
    );
    insert into values values (
        1, '2026-03-01', '{2026-03-01}', '2026-03-01 10:00', '{2026-03-01 10:00+00}', '12:00+02', '1 day 2 hours',
        '{1 mon}', 0.1, 0.1::float8 + 0.2, '{1e23}', '\\x00ff', '{"\\\\x00ff"}', 12.5, '{1.5}', 'so lala',
        '{"a": 0.10}', '[2026-03-01 10:00+00,2026-03-01 11:00+00)', 'NaN'
    );
"""
HOSTILE = {
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "sql_standard",
    "TimeZone": "Asia/Kathmandu",
    "extra_float_digits": "-14",
    "bytea_output": "escape",
    "search_path": "shadows, pg_catalog, other",
    "quote_all_identifiers": "on",
    "row_security": "on",
    "array_nulls": "off",
    "xmlbinary": "hex",
    "client_encoding": "LATIN9",
    "default_transaction_isolation": "serializable",
    "idle_in_transaction_session_timeout": "1s",
    "lock_timeout": "1s",
}
SHADOWS = """
    create schema shadows;
    create function shadows.clock_timestamp() returns timestamptz language sql return timestamptz '1999-01-01 00:00+00';
    create function shadows.pg_current_wal_lsn() returns pg_lsn language sql return pg_lsn '0/1';
    create function shadows.format_type(oid, int) returns text language sql return text 'shadow';
    create function shadows.set_config(text, text, bool) returns text language sql return text 'shadow';
    create function shadows.same(text, text) returns bool language sql return false;
    create operator shadows.= (leftarg = text, rightarg = text, function = shadows.same);
    create domain shadows.text as pg_catalog.int4;
"""
ENCODED = {
    "LATIN1": "Café Zürich Â£5 ÿ",
    "WIN1252": "Café Zürich Â£5 “5 €” ™",
    "KOI8R": "Привет",
    "EUC_JP": "日本語 カタカナ",
}
TEXTS = """
    create table notes (
        id int primary key, text text, word varchar(40), padded char(40), name name, document json, bag jsonb,
        list text[]
    )
"""


def test_defaults_of_sessions_change_no_value(application: Application) -> None:
    application.execute(VALUES)
    plain = application.take()
    application.execute(SHADOWS)
    name = application.session.info.dbname
    for setting, value in HOSTILE.items():
        value = value if setting == "search_path" else f"'{value}'"
        application.execute(f"alter database {name} set {setting} = {value}")
    hostile = application.take()
    first, second = (read_manifest(application.store, str(key)) for key in (plain, hostile))
    assert first.find_table("values").columns == second.find_table("values").columns
    assert first.cut_at < second.cut_at
    assert first.lsn < second.lsn
    rows = [application.read_rows(key, "values", "COLUMNS(* EXCLUDE raw_object)::VARCHAR") for key in (plain, hostile)]
    assert rows[0] == rows[1]
    [own] = application.read_rows(hostile, "values", "day, moment, span, double, bytes, money::DECIMAL(9, 2), mood")
    assert own == (
        date(2026, 3, 1), datetime(2026, 3, 1, 10), "1 day 02:00:00", 0.1 + 0.2, b"\x00\xff", Decimal("12.50"),
        "so lala",
    )  # fmt: skip


@pytest.mark.parametrize("encoding", ENCODED)
def test_text_of_any_encoding_arrives(module_lake: EmptyLake, encoding: str) -> None:
    text = ENCODED[encoding]
    made_as = f"encoding '{encoding}' template template0 locale_provider libc locale 'C'"
    with open_application(module_lake, made_as) as application:
        application.execute(TEXTS)
        application.session.execute(
            "insert into notes select 1, t, t, t, t, to_json(t), to_jsonb(t), array[t] from (values (%s::text)) v (t)",
            [text],
        )
        key = application.take()
        [row] = application.read_rows(key, "notes", "* EXCLUDE (raw_object, raw_line)")
    assert row == (1, text, text, text, text, f'"{text}"', f'"{text}"', [text])


def test_bytes_that_may_be_anything_arrive_as_bytes(module_lake: EmptyLake) -> None:
    """SQL_ASCII is no encoding: what is UTF-8 arrives as text, and where something is not, the column as bytes."""
    with open_application(module_lake, SQL_ASCII) as own:
        own.execute("create table notes (id int primary key, body text); insert into notes values (1, 'Café 日本')")
        first = own.take()
        assert own.read_rows(first, "notes", "body") == [("Café 日本",)]
        own.execute("insert into notes values (2, convert_from('\\x436166e9', 'SQL_ASCII')), (3, null)")
        for since in (None, first):
            told = own.read_rows(own.take(since), "notes", "body")
            assert (b"Caf\xe9",) in told and (None,) in told
        own.execute("update notes set body = 'Caf' where id = 2")
        assert ("Caf",) in own.read_rows(own.take(first), "notes", "body")


@pytest.mark.parametrize("kind", ["text", "varchar(9)", "char(4)", "text[]", "json", "name", "own_label", "own_text"])
def test_bytes_of_any_type_stop_nothing(module_lake: EmptyLake, kind: str) -> None:
    with open_application(module_lake, SQL_ASCII) as own:
        label = "convert_from('\\x22e922', 'SQL_ASCII')"
        own.execute("create domain own_text as text")
        own.execute(
            "do $$ begin execute 'create type own_label as enum (' || quote_literal(" + label + ") || ')'; end $$"
        )
        value = f"'{{' || {label} || '}}'" if kind == "text[]" else label
        own.execute(
            f"create table notes (id int primary key, body {kind}); insert into notes select 1, ({value})::{kind}"
        )
        [(found,)] = own.read_rows(own.take(), "notes", "body")
        assert b"\xe9" in found


def test_what_is_utf8_is_told_from_what_is_not(module_lake: EmptyLake) -> None:
    good = ["7f", "c280", "dfbf", "e0a080", "ed9fbf", "ee8080", "efbfbf", "f0908080", "f48fbfbf", "61e282ac62"]
    bad = ["80", "c0af", "c3", "e080af", "eda080", "f08080af", "f4908080", "f8888080", "ff", "61e28262"]
    with open_application(module_lake, SQL_ASCII) as own:
        asked = [f"select convert_from('\\x{one}', 'SQL_ASCII') !~ '{UTF8}'" for one in good + bad]
        told = [row[0] for row in own.session.execute(" union all ".join(asked)).fetchall()]
    assert told == [False] * len(good) + [True] * len(bad)


def test_names_of_any_encoding_arrive(module_lake: EmptyLake) -> None:
    with open_application(module_lake, "encoding 'LATIN1' template template0 locale_provider libc locale 'C'") as own:
        own.execute('create table "Größen" ("Maß" text primary key); insert into "Größen" values (\'groß\')')
        assert own.read_rows(own.take(), "Größen", '"Maß"') == [("groß",)]
