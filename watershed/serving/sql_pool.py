"""Asks SQL in processes of their own, without a thread of the web server: whoever waits is a coroutine.

A question that takes longer than it may, or that nobody waits for any more, is ended by ending its process; the next
one starts another. Each process of the web server has a desk of its own. Importing this starts nothing.
"""

import asyncio
import json
import logging
import sys
import time
from contextlib import suppress
from typing import Any

from watershed.project import find_project
from watershed.serving.question_log import question_log, write_question
from watershed.serving.turns import Busy, Turns
from watershed.settings import find_home, read_setting
from watershed.warehouse.spill import remove_spilled

log = logging.getLogger("watershed.audit")

START_S = 120.0
PAGE = "page"  # what a person wrote on the SQL page, as `by` of a question says
LONGEST = 1_000_000  # characters of a query
MOST_KEPT, LEAST_KEPT = 100_000, 200  # of them in logs; of what is sent away at once
RUNNING, WAITING = 2, 10  # questions of one person
# From its first import on: beside Airflow's web server, a thread of a question gets a tenth of the processor.
NICE = 10

Question = dict[str, Any]
Noted = dict[str, Any]


class Worker:
    """One process of `serving/sql_worker.py`. Belongs to the loop that started it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.loop = asyncio.get_running_loop()

    @classmethod
    async def start(cls) -> "Worker":
        """One that is ready to be asked, in a second of processor time. Raises BrokenPipeError where it is not."""
        pipe = asyncio.subprocess.PIPE
        command = ("nice", "-n", str(NICE), sys.executable, "-m", "watershed.serving.sql_worker")
        process = await asyncio.create_subprocess_exec(*command, cwd=find_project(), stdin=pipe, stdout=pipe)
        worker = cls(process)
        try:
            assert worker.process.stdout is not None
            if not await asyncio.wait_for(worker.process.stdout.readline(), START_S):
                raise BrokenPipeError
        except BaseException:
            await worker.end()
            raise
        return worker

    @property
    def is_usable(self) -> bool:
        return self.process.returncode is None and self.loop is asyncio.get_running_loop()

    async def ask(self, question: Question) -> tuple[Noted, bytes]:
        """What is to be noted of the answer, and all of it as JSON. Raises BrokenPipeError where the process dies."""
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps(question).encode() + b"\n")
            await self.process.stdin.drain()
            noted = json.loads(await self.process.stdout.readline())
            return noted, await self.process.stdout.readexactly(noted["bytes"])
        except (ValueError, ConnectionError, asyncio.IncompleteReadError):
            raise BrokenPipeError from None

    async def end(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        remove_spilled(find_home(), self.process.pid)


class SqlPool:
    """The processes, started when first needed, and who waits for one."""

    def __init__(self) -> None:
        self.turns = Turns(lambda: int(read_setting("sql_processes", "4")), RUNNING, WAITING)
        self.idle: list[Worker] = []
        self.starting: asyncio.Task[None] | None = None
        self.asked: dict[tuple[str, str], asyncio.Task[tuple[Noted, bytes]]] = {}

    def cancel(self, who: str, name: str) -> None:
        """Take a question back by the name that this person asked it under."""
        if (job := self.asked.get((who, name))) is not None:
            job.cancel()

    async def ask(self, who: str, name: str, question: Question) -> bytes:
        """The answer as JSON, with `error` where there is none. Every question is noted: who, what, how long.

        Raises Busy. When the task that asks is cancelled, because nobody waits any more, the query ends.
        """
        began = time.monotonic()
        job = self.asked[who, name] = asyncio.ensure_future(self.find_answer(who, question))
        noted: Noted = {"error": "nobody waited for the answer"}
        kept = MOST_KEPT
        try:
            await asyncio.wait({job})
            cancelled = say("the query was cancelled", isCancelled=True)
            noted, answer = cancelled if job.cancelled() else job.result()
            return answer
        except Busy as busy:
            noted, kept = {"error": str(busy)}, LEAST_KEPT  # there may be very many of these
            raise
        finally:
            job.cancel()
            if self.asked.get((who, name)) is job:
                del self.asked[who, name]
            about = {"user": who} | {part: question.get(part) for part in ("role", "query", "snapshot")}
            about["query"] = shorten(str(about["query"]), kept)
            about |= {"rows": noted.get("count"), "error": noted.get("error"), "file": question.get("format")}
            about["ms"] = round((time.monotonic() - began) * 1000)
            log.info("sql %s", json.dumps(about))
            if question.get("by") == PAGE:
                keep(about)

    async def find_answer(self, who: str, question: Question) -> tuple[Noted, bytes]:
        limit = float(read_setting("sql_seconds", "30"))
        if len(question["query"]) > LONGEST:
            return say(f"a query has {LONGEST:,} characters at most, this one has {len(question['query']):,}")
        async with self.turns.take(who):
            try:
                worker = await self.take_worker()
            except (TimeoutError, BrokenPipeError):
                return say("no process that answers could be started: the web server's log says why")
            try:
                return await asyncio.wait_for(self.ask_worker(worker, question | {"seconds": limit}), limit)
            except TimeoutError:
                return say(f"the query was ended after {limit:.0f} s: narrow it, for example to a few days")
            except BrokenPipeError:
                return say("the query was ended: most likely it takes more memory than a question may")

    async def take_worker(self) -> Worker:
        """One that is ready. Another is made ready for who comes next: while others keep the processors busy, starting
        one takes longer than its answer."""
        self.idle = [worker for worker in self.idle if worker.is_usable]
        worker = self.idle.pop() if self.idle else await Worker.start()
        loop, starting = asyncio.get_running_loop(), self.starting
        is_starting = starting is not None and not starting.done() and starting.get_loop() is loop
        if not self.idle and not is_starting:
            self.starting = asyncio.create_task(self.start_spare())
        return worker

    async def start_spare(self) -> None:
        with suppress(TimeoutError, OSError):  # whoever needs one is told
            self.idle.append(await Worker.start())

    async def ask_worker(self, worker: Worker, question: Question) -> tuple[Noted, bytes]:
        try:
            found = await worker.ask(question)
        except BaseException:
            await worker.end()
            raise
        self.idle.append(worker)
        return found

    async def close(self) -> None:
        """End the processes that nobody asks."""
        if self.starting is not None:
            self.starting.cancel()
            await asyncio.wait({self.starting})
        idle, self.idle = self.idle, []
        for worker in idle:
            await worker.end()


def shorten(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def keep(about: Noted) -> None:
    """In the log that people find their questions in again."""
    named = {"who": "user", "role": "role", "sql": "query", "snapshot": "snapshot", "ms": "ms", "rows": "rows"}
    asked = {name: about.get(own) for name, own in (named | {"refused": "error", "file": "file"}).items()}
    try:
        write_question({"by": PAGE} | asked)
    except OSError:
        log.warning("the question above is in no history: %s cannot be written", question_log(), exc_info=True)


def say(sentence: str, **more: bool) -> tuple[Noted, bytes]:
    answer = {"error": sentence} | more
    return answer, json.dumps(answer).encode()


DESK = SqlPool()
