"""What training and scoring run on, and the processes that share a training (`torchrun`)."""

import os
from itertools import pairwise

import torch
import torch.distributed as dist


def choose_device() -> torch.device:
    """This process's own accelerator where there is one, else the processor."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
    return torch.device("cpu")


def join_team() -> None:
    """Meet the other processes that `torchrun` started; alone, do nothing."""
    if "WORLD_SIZE" in os.environ and not dist.is_initialized():
        dist.init_process_group("nccl" if choose_device().type == "cuda" else "gloo")


def leave_team() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def read_rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0


def cut_shares(sizes: list[int]) -> list[tuple[int, int]]:
    """For each process a range of these pieces, the ranges about equally large in all."""
    members = dist.get_world_size() if dist.is_initialized() else 1
    ends = torch.tensor(sizes).cumsum(0)
    targets = torch.arange(1, members + 1) * (int(ends[-1]) / members)
    cuts = [0, *torch.searchsorted(ends.double(), targets - 0.5).add(1).clamp(max=len(sizes)).tolist()]
    cuts[-1] = len(sizes)
    return list(pairwise(cuts))


def exchange(rows: torch.Tensor, bounds: list[tuple[int, int]]) -> None:
    """Give every process all rows, in place: those in the n-th range come from the n-th process."""
    if dist.is_initialized():
        for source, (first, last) in enumerate(bounds):
            if last > first:
                dist.broadcast(rows[first:last], source)


def add_up(value: torch.Tensor) -> torch.Tensor:
    """The sum over all processes."""
    if dist.is_initialized():
        dist.all_reduce(value)
    return value


def agree(value: float) -> float:
    """The first process's, in all: what follows from it is the same everywhere."""
    if not dist.is_initialized():
        return value
    told = torch.tensor([value], dtype=torch.float64, device=choose_device())
    dist.broadcast(told, 0)
    return float(told)
