"""Values come out of PostgreSQL as they are: Sakila, which nobody here designed, and tables made to be difficult."""

import gzip
import json
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import psycopg
import pytest

from tests.sources.application import Application
from watershed.cli.sentences import describe_error
from watershed.declarations import find_table
from watershed.errors import NoAnswer
from watershed.scaffold.database_source.catalog import read_catalog
from watershed.sources.oltp import extract
from watershed.sources.postgres import session as postgres_session
from watershed.sources.postgres.extractions import read_manifest
from watershed.stack.postgres import find_programs

pytestmark = pytest.mark.servers

DATA = Path(__file__).resolve().parents[1] / "data"
SAKILA = DATA / "sakila"


def load_sakila(url: str) -> None:
    for name in ("01_schema.sql.gz", "02_data_copy.sql.gz"):
        script = gzip.decompress((SAKILA / name).read_bytes())
        command = [str(find_programs() / "psql"), "-q", "-v", "ON_ERROR_STOP=1", "-d", url]
        subprocess.run(command, input=script, check=True, stdout=subprocess.DEVNULL)


def test_sakila_is_extracted_whole(application: Application) -> None:
    load_sakila(application.url)
    facts = json.loads((SAKILA / "facts.json").read_text())
    counts = application.count_rows(key := application.take())
    assert {table: rows for table, (rows, _) in counts.items()} == facts["rows_per_table(select count(*) from ONLY t)"]
    assert all(keys == rows for rows, keys in counts.values())
    payments, rentals, films = (application.list_texts(key, table) for table in ("payment", "rental", "film"))
    con = application.con
    assert con.execute(f"SELECT sum(amount)::DOUBLE FROM ({payments})").fetchone() == (facts["payment"]["sum_amount"],)
    returned = con.execute(f"SELECT count(*) - count(return_date) FROM ({rentals})").fetchone()
    assert returned == (facts["rental_return_date_null"],)
    ratings = con.execute(f"SELECT rating, count(*)::VARCHAR FROM ({films}) GROUP BY rating").fetchall()
    assert dict(ratings) == facts["rating_histogram"]


def test_every_value_of_sakila_is_the_databases(application: Application) -> None:
    load_sakila(application.url)
    key = application.take()
    for table in ("film", "staff", "film_actor", "customer"):
        names = [c for c, _ in read_manifest(application.store, str(key)).find_table(table).columns]
        listed = ", ".join(f'"{n}"::text' if n in ("fulltext", "rating") else f'"{n}"' for n in names)
        expected = application.execute(f"select {listed} from only {table}").fetchall()
        found = application.read_rows(key, table, ", ".join(f'"{n}"' for n in names))
        assert sorted(found, key=repr) == sorted(expected, key=repr)


def test_difficult_values_lose_nothing(application: Application) -> None:
    application.execute((DATA / "difficult_tables.sql").read_text())
    key = application.take()
    counts = {table: rows for table, (rows, _) in application.count_rows(key).items()}
    assert counts == {'Odd "names"': 2, "parents": 1, "children": 1, "parts": 1}
    assert read_manifest(application.store, str(key)).find_table("parts").primary_key == ("day", "id")
    rows = application.list_texts(key, 'public.Odd "names"')
    own = f"SELECT * EXCLUDE (raw_object, raw_line) REPLACE (hex(bytes) AS bytes) FROM ({rows})"
    full, empty = application.con.execute(f"SELECT COLUMNS(*)::VARCHAR FROM ({own}) ORDER BY 1").fetchall()
    assert empty == ("2", *[None] * 21)
    assert full == (
        "1", "1.10", "12345678901234567890.123456789012345678901234567890", "NaN", "1" + "0" * 36 + ".00",
        "{{1,2},{3,4}}", "[a, NULL, 'b,c']", '{"2026-03-01 10:00:00+00"}', "2026-03-01 10:00:00", "infinity",
        "-infinity", "24:00:00", "1 mon 2 days 00:00:00.000001", "12:00:00+02", "00FF", '{"a": 0.10}', "::1/128",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "101", "9223372036854775807", "x", "true",
    )  # fmt: skip


def test_names_may_hold_what_ends_names_elsewhere(application: Application) -> None:
    """Two tables whose names are the same but for quotes, and a key with a tab, a comma, a brace and a quote."""
    application.execute("""
        create schema "a.b"; create schema a;
        create table "a.b".c (id int primary key); create table a."b.c" (id int primary key, c int references "a.b".c);
        create table odd ("t\tb" int not null, "{,}" int not null, "a""b" int not null, "NULL" int not null, v int);
        create unique index on odd ("t\tb", "{,}", "a""b", "NULL");
        insert into "a.b".c values (1), (2); insert into a."b.c" values (3, 1); insert into odd values (1, 2, 3, 4, 5);
    """)
    key = application.take()
    assert application.read_rows(key, '"a.b".c', "id") == [(1,), (2,)]
    assert application.read_rows(key, 'a."b.c"', "id") == [(3,)]
    catalog = read_catalog(application.url)
    assert {t.address: t.key for t in catalog.tables} == {
        '"a.b".c': ("id",), 'a."b.c"': ("id",), "public.odd": ("t\tb", "{,}", 'a"b', "NULL"),
    }  # fmt: skip
    assert [(f.address, f.to) for f in catalog.foreign_keys] == [('a."b.c"', '"a.b".c')]


def test_a_bucket_that_is_away_is_not_the_database(application: Application) -> None:
    application.execute("create table parts (id int primary key)")
    application.con.execute("CREATE OR REPLACE SECRET objects (TYPE s3, ENDPOINT '127.0.0.1:9', USE_SSL false)")
    application.con.execute("SET http_retries = 0")
    with pytest.raises(duckdb.Error) as caught:
        application.take()
    assert "the S3 server at" in describe_error(caught.value)


def test_a_table_that_somebody_has_locked_is_not_waited_for_for_good(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    application.execute("create table parts (id int primary key)")
    monkeypatch.setattr(postgres_session, "SETTLE", postgres_session.SETTLE.replace("15min", "50ms"))
    with psycopg.connect(application.url) as other:
        other.execute("lock table parts")
        with pytest.raises(NoAnswer, match=r"does not answer the user .*: canceling statement due to lock timeout"):
            application.take()
    assert application.count_rows(application.take()) == {"parts": (0, 0)}


def test_failures_are_one_sentence(application: Application) -> None:
    application.execute("create table secrets (id int primary key); create role guest login password 'geheim'")
    con, store, server = application.con, application.store, urlsplit(application.url)
    guest = server._replace(netloc=f"guest:geheim@{server.hostname}:{server.port}").geturl()
    failures: list[tuple[str, type[Exception], str]] = [
        (guest, ValueError, r"the user may not read public\.secrets: GRANT SELECT ON public\.secrets to it"),
        (guest.replace("geheim", "geraten"), ConnectionError, "not answer the user 'guest': password authentication"),
        (guest.replace(f":{server.port}", ":1"), ConnectionError, "127.0.0.1:1/.* not answer .*: Connection refused"),
        (guest + "x", ConnectionError, 'database "application.*x" does not exist'),
        (guest + "?sslmode=require", ConnectionError, "SSL was required"),
    ]
    try:
        for address, kind, message in failures:
            with pytest.raises(kind, match=message) as caught:
                extract(con, address, store, "accounts")
            assert "\n" not in str(caught.value)
            assert not {"geheim", "geraten"} & set(re.findall(r"\w+", str(caught.value)))
            assert caught.value.__cause__ is None
        with pytest.raises(LookupError, match="has no table users: create it, or mend"):
            extract(con, application.url, store, "accounts", tables=[find_table("users")])
        assert application.count_rows(application.take()) == {"secrets": (0, 0)}
    finally:
        application.execute("drop role guest")
