"""Tests that share their runs. A story is a test that yields wherever a run is to take what it has left: all stories of
a file go on together, so that one run serves all of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from inspect import isgeneratorfunction
from itertools import count
from typing import Any

Run = Callable[[str], object]  # is given the run's id
Story = Callable[..., Iterator[Run]]


class Outcomes:
    """How each story has ended: `verify` raises what it has raised."""

    def __init__(self, stories: Sequence[Story], *given: object) -> None:
        self.errors: dict[str, Exception] = {}
        going, numbers = {story.__name__: story(*given) for story in stories}, count(1)
        while wanted := {name: run for name, story in going.items() if (run := self.go_on(name, story))}:
            for run in dict.fromkeys(wanted.values()):
                run(f"run-{next(numbers)}")
            going = {name: going[name] for name in wanted}

    def go_on(self, name: str, story: Iterator[Run]) -> Run | None:
        """The run that the story waits for, if it has not ended."""
        try:
            return next(story, None)
        except Exception as error:
            self.errors[name] = error
            return None

    def verify(self, story: Story) -> None:
        if error := self.errors.get(story.__name__):
            raise error


def find_stories(module: Mapping[str, Any]) -> list[Story]:
    """The stories of a module, given its `globals()`: whatever yields there."""
    return [one for one in module.values() if isgeneratorfunction(one) and one.__module__ == module["__name__"]]
