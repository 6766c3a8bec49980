"""Bring generated days of the accounts database into PostgreSQL, as the application would have: COPY, merge, delete."""

import csv
from pathlib import Path

import psycopg
from psycopg import sql

from sample.generate.accounts import TABLES, find_key
from watershed.declarations import find_table
from watershed.errors import InvalidInput

SCHEMA_FILE = Path(__file__).with_name("accounts.sql")


def apply_accounts(url: str, folder: Path) -> int:
    """Apply every day below `folder` in order, one transaction a day; applying them again changes nothing.

    Returns the number of days. Raises InvalidInput when the database holds other data, which is left as it is.
    """
    days = sorted(path for path in folder.iterdir() if path.is_dir())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SCHEMA_FILE.read_text())  # ours, not a user's text
        refuse_other_data(connection, days[0])
        for day in days:
            apply_day(connection, day)
    return len(days)


def apply_day(connection: psycopg.Connection, day: Path) -> None:
    """One day's new, changed and deleted rows, all at once."""
    with connection.transaction():
        connection.execute("set local time zone 'UTC'")
        for table in TABLES:
            merge_rows(connection, table, day / f"{table}.csv")
        delete_rows(connection, day / "deleted.csv")


def merge_rows(connection: psycopg.Connection, table: str, file: Path) -> None:
    """Insert the rows of a CSV file; those whose key is there change, unless they have changed since."""
    columns = [column.name for column in find_table(table).columns]
    names = {"table": sql.Identifier(table), "key": sql.Identifier(find_key(table))}
    connection.execute(sql.SQL("create temp table incoming (like {table}) on commit drop").format(**names))
    copy_file(connection, sql.SQL("copy incoming from stdin (format csv, header match)"), file)
    values = sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(c)) for c in columns)
    merge = "insert into {table} select * from incoming on conflict ({key}) do update set {values}"
    newer = " where excluded.updated_at > {table}.updated_at"
    connection.execute(sql.SQL(merge + newer).format(values=values, **names))
    connection.execute("drop table incoming")


def delete_rows(connection: psycopg.Connection, file: Path) -> None:
    """Delete the keys of a CSV file, children before their parents."""
    connection.execute("create temp table gone (table_name text, key bigint) on commit drop")
    copy_file(connection, sql.SQL("copy gone from stdin (format csv, header match)"), file)
    for table in reversed(TABLES):
        delete = sql.SQL("delete from {} where {} in (select key from gone where table_name = {})")
        connection.execute(delete.format(sql.Identifier(table), sql.Identifier(find_key(table)), table))
    connection.execute("drop table gone")


def copy_file(connection: psycopg.Connection, command: sql.SQL, file: Path) -> None:
    with connection.cursor().copy(command) as copy:
        copy.write(file.read_bytes())


def refuse_other_data(connection: psycopg.Connection, first_day: Path) -> None:
    """Raises InvalidInput when the database's first user is none of those that the generated days start with."""
    with (first_day / "users.csv").open(encoding="utf-8", newline="") as file:
        generated = {(row["user_id"], row["user_name"]) for row in csv.DictReader(file)}
    found = connection.execute("select user_id::text, user_name from users order by user_id limit 1").fetchone()
    if found and found not in generated:
        raise InvalidInput(
            "the database holds users of other data, by another seed or first day, which stay as they are"
        )
