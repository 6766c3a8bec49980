"""Many questions, questions that are too large, processes that die: who asks gets an answer or a sentence."""

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.empty_lake import EmptyLake
from watershed.serving.sql_pool import RUNNING, WAITING, SqlPool
from watershed.serving.turns import Busy

pytestmark = pytest.mark.servers

ENDLESS = "SELECT count(*) FROM range(1000000) AS a, range(10000000) AS b WHERE a.range * b.range % 7 = 3"
HUGE = "SELECT repeat(chr(97 + (range % 26)::INTEGER), 1000000) AS a FROM range(5000)"


def run(work: Callable[[SqlPool], Awaitable[None]]) -> None:
    async def begin() -> None:
        desk = SqlPool()
        try:
            await work(desk)
        finally:
            for job in desk.asked.values():
                job.cancel()
            await asyncio.sleep(0.1)
            await desk.close()

    asyncio.run(begin())


async def ask(desk: SqlPool, who: str, query: str, **how: Any) -> dict[str, Any]:
    question = {"query": query, "role": "analyst", "snapshot": "", "shown": 10} | how
    return dict(json.loads(await desk.ask(who, str(id(question)), question)))


def test_one_person_cannot_keep_the_others_waiting(module_lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATERSHED_SQL_SECONDS", "300")

    async def attack(desk: SqlPool) -> None:
        asked = [asyncio.create_task(ask(desk, "eve", ENDLESS)) for _ in range(45)]
        await asyncio.sleep(1)
        sent_away = [task for task in asked if task.done()]
        assert len(sent_away) == 45 - RUNNING - WAITING
        assert all(isinstance(task.exception(), Busy) for task in sent_away)
        async with asyncio.timeout(120):  # two endless queries run beside it, on as many cores
            assert (await ask(desk, "ada", "SELECT 42"))["rows"] == [[42]]
        for task in asked:
            task.cancel()  # the browser has gone
        async with asyncio.timeout(60):
            while desk.asked or desk.turns.having or desk.turns.line:
                await asyncio.sleep(0.1)
        assert len(desk.idle) <= 2  # who answered, and who was made ready for the next

    run(attack)


def test_a_question_that_takes_too_much_ends_with_a_sentence(
    module_lake: EmptyLake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WATERSHED_SQL_SECONDS", "300")
    monkeypatch.setenv("WATERSHED_ANALYST_MEMORY", "100MiB")

    async def ask_much(desk: SqlPool) -> None:
        export = {"path": str(tmp_path / "huge"), "format": "csv", "most": 10}
        for how in ({}, export | {"most": 10_000}):
            assert "more memory than a question may" in (await ask(desk, "ada", HUGE, **how))["error"]
        assert "more than 10 rows" in (await ask(desk, "ada", "FROM range(20)", **export))["error"]
        assert (await ask(desk, "ada", "SELECT 1"))["rows"] == [[1]]

    run(ask_much)


def test_a_process_that_dies_is_replaced(module_lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATERSHED_SQL_SECONDS", "300")

    async def kill(desk: SqlPool) -> None:
        await ask(desk, "ada", "SELECT 1")
        asked = asyncio.create_task(ask(desk, "ada", ENDLESS))
        worker = desk.idle[-1]
        await asyncio.sleep(0.3)
        os.kill(worker.process.pid, signal.SIGKILL)
        assert "the query was ended" in (await asked)["error"]
        assert (await ask(desk, "ada", "SELECT 2"))["rows"] == [[2]]

    run(kill)


def test_a_question_is_taken_back_by_who_asked(module_lake: EmptyLake) -> None:
    async def cancel(desk: SqlPool) -> None:
        asked = asyncio.create_task(
            desk.ask("ada", "mine", {"query": ENDLESS, "role": "analyst", "snapshot": "", "shown": 1})
        )
        await asyncio.sleep(0.2)
        desk.cancel("eve", "mine")
        assert not asked.done()
        desk.cancel("ada", "mine")
        assert json.loads(await asked)["isCancelled"]

    run(cancel)
