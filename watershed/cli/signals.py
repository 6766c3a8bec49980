"""How a process that runs without end is asked to end: SIGTERM by a server, SIGINT by Ctrl-C."""

import signal
from threading import Event
from types import FrameType


def is_interruption(error: BaseException) -> bool:
    """Whether it is Ctrl-C, as Python or, while a query runs, DuckDB says it."""
    is_of_query = isinstance(error, RuntimeError) and str(error) == "Query interrupted"
    return is_of_query or isinstance(error, KeyboardInterrupt)


class Stop(Event):
    """Set when the process is asked to end, which it does when it has finished what it is at."""

    is_interrupted = False

    def ask(self, number: int, frame: FrameType | None) -> None:
        self.is_interrupted = number == signal.SIGINT
        self.set()

    def verify(self, goes_on: str) -> None:
        """Raises KeyboardInterrupt where it was Ctrl-C; `goes_on` says what does all the same."""
        if self.is_interrupted:
            raise KeyboardInterrupt(goes_on)


def stop_by_signal() -> Stop:
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop.ask)
    return stop
