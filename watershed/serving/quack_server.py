"""Questions from other machines, by DuckDB's remote protocol (the extension quack, which its makers call beta).

Quack would run whatever a client sends. It asks two functions of ours first: whose token is this, and what is to be run
instead of this statement. The second answers the question itself, as an analyst in the role of whose token it is:
examined, within a time, counted and logged. What it hands back to Quack is a query for the rows that it found. Quack's
own engine has nothing else: the lake is attached in others, one for each role.
"""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection
from duckdb.func import FunctionNullHandling

from watershed.declarations.roles import Role
from watershed.errors import InvalidInput, Unavailable, UserError
from watershed.serving.access_tokens import find_person, read_people, read_role
from watershed.serving.analyst import connect_analyst, lock_engine
from watershed.serving.answers import open_answer, take_one
from watershed.serving.question_log import write_question
from watershed.serving.sql_guard import ANSWERS, OURS, is_explained
from watershed.serving.statements import adapt_statement, examine_statement, explain_error
from watershed.settings import Settings, load_reader, read_setting
from watershed.warehouse.connection import find_extension, quote, start_duckdb

WHO, WHAT = f"{OURS}who", f"{OURS}what"  # the functions that Quack asks
KEEP_S = 60.0  # Quack begins to read an answer at once, and a transaction keeps it for who reads slowly
MOST_ROWS = 5_000_000
MOST_SESSIONS = 10_000


@dataclass
class QuackEndpoint:
    """One endpoint: Quack's engine, a reader's settings, where questions are logged, who is connected, and what was
    answered lately."""

    con: DuckDBPyConnection
    settings: Settings
    log: Path
    seconds: float
    sessions: OrderedDict[str, str] = field(default_factory=OrderedDict)
    answers: list[tuple[float, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, session: str, token: str, own_token: str) -> bool:
        """Whether somebody's token opens this session. The endpoint's own token, which Quack wants, is nobody's."""
        name = find_person(token or "")
        with self.lock:
            if name is not None:
                self.sessions[session] = name
            while len(self.sessions) > MOST_SESSIONS:
                self.sessions.popitem(last=False)
        return name is not None

    def answer(self, session: str, sql: str) -> str:
        """The statement that Quack is to run: for the rows of the answer, or for an error with a sentence."""
        name = self.sessions.get(session, "")
        if name not in read_people():
            return error_sql("this token is not valid any more: ask for a new one")
        began, rows, refusal = time.monotonic(), None, None
        try:
            table, rows = self.find_rows(sql, read_role(name))
            return f"FROM {ANSWERS}.{table}"
        except (UserError, Unavailable, duckdb.Error) as error:
            refusal = explain_error(error)
            return error_sql(refusal)
        finally:
            asked = {"who": name, "by": "serve", "sql": sql, "ms": since(began), "rows": rows, "refused": refusal}
            write_question(asked, self.log)

    def find_rows(self, sql: str, role: Role) -> tuple[str, int]:
        """Run a question into a table: its name and how many rows. Raises InvalidInput and duckdb.Error."""
        sql = examine_statement(sql, role)
        if is_explained(sql):
            raise InvalidInput("EXPLAIN is not answered here: ask `watershed sql` for it")
        table = f"answer_{secrets.token_hex(16)}"
        with closing(self.con.cursor()) as con, closing(self.connect(role)) as lake:
            self.forget_answers(con)
            with stop_after([lake, con], self.seconds):
                answer = open_answer(lake, adapt_statement(lake, take_one(sql), role))
                rows_sql = answer.select(lambda kind, place: place, limit=MOST_ROWS + 1)
                con.register("found", lake.sql(rows_sql).to_arrow_reader())
                con.execute(f"CREATE TABLE {ANSWERS}.{table} AS FROM found")
            [(rows,)] = con.execute(f"SELECT count(*) FROM {ANSWERS}.{table}").fetchall()
        with self.lock:
            self.answers.append((time.monotonic(), table))
        if rows > MOST_ROWS:
            raise InvalidInput(f"the answer has more than {MOST_ROWS:,} rows: ask for fewer, or use `watershed export`")
        return table, rows

    def connect(self, role: Role) -> DuckDBPyConnection:
        return connect_analyst(self.settings, role=role, is_lossless=True)

    def forget_answers(self, con: DuckDBPyConnection) -> None:
        """Drop what was fetched long ago."""
        with self.lock:
            old = [table for at, table in self.answers if since(at) > KEEP_S * 1000]
            self.answers = [(at, table) for at, table in self.answers if table not in old]
        for table in old:
            con.execute(f"DROP TABLE IF EXISTS {ANSWERS}.{table}")


def open_desk(
    log: Path, address: str, *, beyond_loopback: bool = False, settings: Settings | None = None
) -> QuackEndpoint:
    """Listen at `host:port` until the process ends or `close_desk`.

    Raises SettingsMissing, NoAnswer, and duckdb.Error, for example when the port is taken.
    """
    settings = settings or load_reader()
    con = start_duckdb({"python_enable_replacements": "false", "memory_limit": settings.duckdb_memory})
    desk = QuackEndpoint(con, settings, log, read_seconds())
    con.execute(f"LOAD {quote(str(find_extension('quack')))}")
    con.execute(f"ATTACH ':memory:' AS {ANSWERS}")
    add_function(con, WHO, desk.admit, arguments=3, result="BOOLEAN")
    add_function(con, WHAT, desk.answer, arguments=2, result="VARCHAR")
    con.execute(f"SET GLOBAL quack_authentication_function = '{WHO}'")
    con.execute(f"SET GLOBAL quack_authorization_function = '{WHAT}'")
    lock_engine(con, settings)
    serve = f"CALL quack_serve({quote(f'quack:{address}')}, token => {quote(secrets.token_urlsafe(32))}"
    con.execute(f"{serve}, allow_other_hostname => {str(beyond_loopback).lower()})")
    return desk


def add_function(
    con: DuckDBPyConnection, name: str, function: Callable[..., str | bool], *, arguments: int, result: str
) -> None:
    """A function of texts that is asked anew each time, nulls included."""
    texts: list[Any] = [duckdb.type("VARCHAR")] * arguments
    nulls = FunctionNullHandling.SPECIAL
    con.create_function(name, function, texts, duckdb.type(result), null_handling=nulls, side_effects=True)


def close_desk(desk: QuackEndpoint, address: str) -> None:
    desk.con.execute(f"CALL quack_stop({quote(f'quack:{address}')})")
    desk.con.close()


@contextmanager
def stop_after(connections: list[DuckDBPyConnection], seconds: float) -> Iterator[None]:
    """Interrupt what runs for longer. Raises InvalidInput then."""

    def interrupt() -> None:
        for con in connections:
            con.interrupt()

    timer = threading.Timer(seconds, interrupt)
    timer.start()
    try:
        yield
    except duckdb.InterruptException:
        raise InvalidInput(
            f"the question took longer than {seconds:g} s: ask for less (a day, fewer columns)"
        ) from None
    finally:
        timer.cancel()


def error_sql(sentence: str) -> str:
    return f"SELECT error({quote(sentence)})"


def since(began: float) -> int:
    """Milliseconds."""
    return round((time.monotonic() - began) * 1000)


def read_seconds() -> float:
    """Raises InvalidInput for a setting that is not a number."""
    text = read_setting("sql_seconds", "30")
    if not text.replace(".", "", 1).isdecimal():
        raise InvalidInput(f"WATERSHED_SQL_SECONDS is {text!r}: write a number of seconds")
    return float(text)
