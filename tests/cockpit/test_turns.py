"""Who has a turn, who waits, and who is sent away."""

import asyncio
from contextlib import AsyncExitStack, suppress

import pytest

from watershed.serving.turns import Busy, PagesTakeTurns, Turns


async def queue(turns: Turns, *people: str) -> list[asyncio.Task[None]]:
    """Somebody who never leaves, for each. Keep the tasks: nothing else does, and garbage collection ends them."""

    async def stay(who: str) -> None:
        async with turns.take(who):
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(stay(who)) for who in people]
    await asyncio.sleep(0)
    return tasks


def name_running(turns: Turns) -> list[str]:
    return [turn.who for turn in turns.having]


def test_one_person_leaves_a_place_for_others() -> None:
    async def run() -> None:
        turns = Turns(lambda: 4, running=3, waiting=10)
        tasks = await queue(turns, *["ada"] * 5)
        assert name_running(turns) == ["ada"] * 3
        tasks += await queue(turns, "bob", "eve")
        assert name_running(turns) == ["ada"] * 3 + ["bob"]
        assert [turn.who for turn in turns.line] == ["ada", "ada", "eve"]

    asyncio.run(run())


def test_who_has_none_comes_before_who_came_first() -> None:
    async def run() -> None:
        turns = Turns(lambda: 2, running=1, waiting=10)
        ada, *_ = await queue(turns, "ada", "bob", "ada", "ada", "eve")
        ada.cancel()
        await asyncio.sleep(0.01)
        assert name_running(turns) == ["bob", "ada"]
        turns.having[0].who = "gone"
        async with AsyncExitStack() as stack:
            turns.having.pop(0)
            turns.grant()
            assert name_running(turns) == ["ada", "eve"]
            await stack.aclose()

    asyncio.run(run())


def test_who_asks_too_much_is_sent_away_and_others_are_not() -> None:
    async def run() -> None:
        turns = Turns(lambda: 2, running=1, waiting=3)
        tasks = await queue(turns, *["ada"] * 4)
        with pytest.raises(Busy, match="3 questions of yours wait already"):
            async with turns.take("ada"):
                pass
        async with asyncio.timeout(5), turns.take("bob"):
            pass
        tasks[-1].cancel()  # nobody waits there any more
        with suppress(asyncio.CancelledError):
            await tasks[-1]
        assert len(turns.line) == 2

    asyncio.run(run())


def test_pages_take_turns_and_questions_do_not() -> None:
    """However many pages a person asks for, most threads of the web server are others'."""
    inside: list[str] = []
    done = asyncio.Event()

    async def app(scope: dict[str, object], receive: object, send: object) -> None:
        inside.append(str(scope["path"]))
        await done.wait()

    async def run() -> None:
        pages = PagesTakeTurns(app)
        scope = {"type": "http", "root_path": "/watershed", "headers": [(b"cookie", b"a=1; _token=ada")]}
        asked = ["/watershed/why"] * 40 + ["/watershed/sql/run"] * 3
        tasks = [asyncio.create_task(pages(scope | {"path": path}, None, None)) for path in asked]
        await asyncio.sleep(0.05)
        assert sorted(inside) == ["/watershed/sql/run"] * 3 + ["/watershed/why"] * 4
        bob = asyncio.create_task(pages(scope | {"path": "/tables", "headers": []}, None, None))
        await asyncio.sleep(0.05)
        assert inside[-1] == "/tables"
        done.set()
        await asyncio.gather(bob, *tasks)
        assert len(inside) == 44

    asyncio.run(run())
