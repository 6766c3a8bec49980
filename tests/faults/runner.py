"""Runs a source's steps in a process of its own, as a task would, and dies by SIGKILL at a given place when told so.

python -m tests.faults.runner access_logs run-1 [module:function:before|after[:nth]]
"""

import itertools
import os
import signal
import sys
from importlib import import_module
from typing import Any

from tests.runs import begin
from watershed.flows.run import run_source


def main(source: str, run_id: str, death: str = "") -> None:
    if death:
        arm(*death.split(":"))
    run_source(begin(source, run_id))


def arm(module_name: str, name: str, when: str, nth: str = "1") -> None:
    """Die before or after the nth call of a function, or of a method `Class.name`."""
    owner: Any = import_module(module_name)
    *path, name = name.split(".")
    for step in path:
        owner = getattr(owner, step)
    real, calls = getattr(owner, name), itertools.count(1)

    def die(*args: Any, **kwargs: Any) -> Any:
        is_due = next(calls) >= int(nth)
        if is_due and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*args, **kwargs)
        if is_due:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, die)


if __name__ == "__main__":
    main(*sys.argv[1:])
