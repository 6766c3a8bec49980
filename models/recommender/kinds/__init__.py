"""The kinds of model: a module each, of the kind's name, with two functions.

- `train(interactions, config, watcher)` returns the weights, tensors by name;
- `score_users(weights, config, batch)` returns the scores of all items for the users of a batch, [users, items]. They
  depend on the weights and on each user's own history alone, to the last bit.

A watcher is told of a training after every epoch, and may know the state after an earlier one to go on from. An *epoch*
is one pass over all interactions, counted from 1. Kinds in closed form have one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import Tensor


def find_kind(name: str) -> Any:
    """The module of a kind."""
    return import_module(f"{__name__}.{name}")


class Watcher(Protocol):
    def resume(self) -> tuple[int, dict[str, Tensor]] | None:
        """The number of epochs done and the state after the last of them; None to begin at the beginning."""

    def finish_epoch(self, epoch: int, epochs: int, loss: float, weights: dict[str, Tensor]) -> None:
        """The state after one of so many epochs. Keep a copy before this returns: it will be written over."""


class Silent:
    """Knows nothing, says nothing."""

    def resume(self) -> None:
        return None

    def finish_epoch(self, epoch: int, epochs: int, loss: float, weights: dict[str, Tensor]) -> None:
        pass


SILENT: Watcher = Silent()
