"""Turns: so many at a time, so many of one person, and the last free one for somebody who has none.

Whoever waits for a turn is a coroutine, not a thread. Pages are answered by threads of the pool that Airflow's own
routes use, 40 of them: `PagesTakeTurns` leaves most to Airflow however many pages somebody asks for.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse

from watershed.errors import Unavailable

PAGES = 8  # at a time
# Which wait without a thread, and have turns of their own.
UNCOUNTED = ("/sql/run", "/sql/export", "/sql/cancel", "/sql/names")
RETRY_S = 5


class Busy(Unavailable):
    """Somebody asks for more than may wait."""


@dataclass(eq=False)
class Turn:
    who: str
    granted: "asyncio.Future[None]"


@dataclass
class Turns:
    """`places`: turns at a time; of one person, `running` at a time while `waiting` wait."""

    places: Callable[[], int]
    running: int
    waiting: int
    having: list[Turn] = field(default_factory=list)
    line: list[Turn] = field(default_factory=list)

    @asynccontextmanager
    async def take(self, who: str) -> AsyncIterator[None]:
        """Wait for a turn and have it. Raises Busy."""
        if sum(turn.who == who for turn in self.line) >= self.waiting:
            raise Busy(f"{self.waiting} questions of yours wait already: ask again when one of them is answered")
        turn = Turn(who, asyncio.get_running_loop().create_future())
        self.line.append(turn)
        try:
            self.grant()
            await turn.granted
            yield
        finally:
            for turns in (self.line, self.having):
                if turn in turns:
                    turns.remove(turn)
            self.grant()

    def grant(self) -> None:
        """Who has fewest comes first, then who came first."""
        for turn in sorted(self.line, key=lambda turn: self.count(turn.who)):
            own, free = self.count(turn.who), self.places() - len(self.having)
            if free > 0 and (own == 0 or (own < self.running and free > 1)):
                self.line.remove(turn)
                self.having.append(turn)
                turn.granted.set_result(None)

    def count(self, who: str) -> int:
        return sum(turn.who == who for turn in self.having)


class PagesTakeTurns:
    """ASGI middleware: a page waits until it may have a thread. A person is known by what they log in with."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.turns = Turns(lambda: PAGES, running=4, waiting=100)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"].removeprefix(scope.get("root_path", "")) in UNCOUNTED:
            return await self.app(scope, receive, send)
        try:
            async with self.turns.take(name_asker(HTTPConnection(scope))):
                return await self.app(scope, receive, send)
        except Busy as busy:
            return await PlainTextResponse(str(busy), 429, {"Retry-After": str(RETRY_S)})(scope, receive, send)


def name_asker(connection: HTTPConnection) -> str:
    known = connection.cookies.get("_token") or connection.headers.get("authorization", "")
    return hashlib.sha256(known.encode()).hexdigest()
