"""Asks SQL in processes of their own, a few at a time, each question with an end.

A question that takes longer than it may, or that nobody waits for any more, is ended by ending its process; the next
one starts another. Importing this starts nothing.
"""

import json
import logging
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from contracts.settings import read_setting

log = logging.getLogger("watershed.audit")

ROOT = Path(__file__).resolve().parent.parent
PLACES = 2  # questions at a time
GLANCE_S = 0.1

IsUnwanted = Callable[[], bool]


class Worker:
    """One process of `cockpit/answering.py`."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "cockpit.answering"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def ask(self, question: dict[str, Any], limit_s: float, is_unwanted: IsUnwanted) -> dict[str, Any]:
        """The answer. Raises TimeoutError, InterruptedError and BrokenPipeError; the process is gone after each."""
        answers: queue.Queue[str] = queue.Queue()
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        threading.Thread(target=lambda: answers.put(self.process.stdout.readline()), daemon=True).start()  # type: ignore[union-attr]
        ends_at = time.monotonic() + limit_s
        while True:
            try:
                line = answers.get(timeout=GLANCE_S)
                break
            except queue.Empty:
                if is_unwanted():
                    self.end()
                    raise InterruptedError("the question was taken back") from None
                if time.monotonic() > ends_at:
                    self.end()
                    raise TimeoutError from None
        if not line:
            self.end()
            raise BrokenPipeError("the process that answers has died, perhaps for want of memory")
        return dict(json.loads(line))

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


class Desk:
    """The processes, started when first needed; more questions than those wait for one to be free."""

    def __init__(self, places: int = PLACES) -> None:
        self.free: queue.LifoQueue[Worker | None] = queue.LifoQueue()
        for _ in range(places):
            self.free.put(None)
        self.unwanted: set[str] = set()

    def cancel(self, name: str) -> None:
        """Take a question back by the name that it was asked under."""
        self.unwanted.add(name)

    def ask(self, who: str, name: str, question: dict[str, Any]) -> dict[str, Any]:
        """The answer, with `error` where there is none. Every question is noted: who, what, how long."""
        began = time.monotonic()
        answer = self.ask_quietly(name, question)
        self.unwanted.discard(name)
        noted = {"user": who, "query": question["query"], "snapshot": question.get("snapshot")}
        noted |= {"rows": answer.get("count"), "error": answer.get("error"), "file": question.get("format")}
        log.info("sql %s", json.dumps(noted | {"ms": round((time.monotonic() - began) * 1000)}))
        return answer

    def ask_quietly(self, name: str, question: dict[str, Any]) -> dict[str, Any]:
        limit = float(read_setting("sql_seconds", "30"))
        try:
            worker = self.free.get(timeout=limit)
        except queue.Empty:
            return {"error": f"others are asking and none was done within {limit:.0f} s: try again"}
        try:
            if worker is None or not worker.is_alive:
                worker = Worker()
            return worker.ask(question, limit, lambda: name in self.unwanted)
        except TimeoutError:
            return {"error": f"the query was ended after {limit:.0f} s: narrow it, for example to a few days"}
        except InterruptedError:
            return {"error": "the query was cancelled", "isCancelled": True}
        except OSError as error:
            return {"error": f"the query was ended: {error}"}
        finally:
            self.free.put(worker if worker is not None and worker.is_alive else None)


DESK = Desk()
