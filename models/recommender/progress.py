"""A training that is watched: a bar with loss, metric, rate and time left; the curve; a checkpoint an epoch.

Begun again after a crash, with the same interactions, config and checkpoints, it ends with the same weights, to the
last bit, as one that was never interrupted (the same number of threads provided). Under `torchrun` the processes share
the work; the first one of them watches.

A checkpoint is a file below one URI that is either complete or not there: on S3 a write is one request, in a folder it
is a rename. The newest one that belongs to the same training (config and interactions) counts; an older one is kept
until the next is written.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from safetensors import SafetensorError
from safetensors.torch import load as read_tensors
from safetensors.torch import save as encode_tensors
from torch import Tensor
from tqdm import tqdm

from models.recommender.config import BlendConfig, Config, format_config
from models.recommender.device import read_rank
from models.recommender.evaluate import rank_last, summarize
from models.recommender.interactions import Interactions, prepare
from models.recommender.model import Model, read_metadata, train_kind
from watershed.lake.store import open_store
from watershed.models.weights import find_key, read_bytes, write_bytes

JUDGED = 2_000  # users an epoch: ranking costs more than the training of an epoch
KEPT = 2  # checkpoints


@dataclass(frozen=True)
class Point:
    """What was known after an epoch. `seconds` are those of training since its beginning, crashes left out;
    `metric` is NDCG@10 on what was held out, where something was."""

    epoch: int
    loss: float
    metric: float | None
    seconds: float


def fit_recorded(
    table: pa.Table,
    config: Config,
    held_out: pa.Table | None = None,
    checkpoints: str | None = None,
    is_shown: bool = True,
) -> tuple[Model, list[Point]]:
    """Train on a table as `fit` does; returns the curve as well.

    `held_out` (user_id, item_id) gives the metric of every epoch, by JUDGED of its rows; nothing is chosen by it. The
    epochs of a blend are those of its factors, and so is their metric. Errors as in `fit`.
    """
    history = prepare(table)
    last_day = float(history.days.max())
    watched = config.factors if isinstance(config, BlendConfig) else config

    if held_out is not None and len(held_out):
        held_out = held_out.take(np.unique(np.linspace(0, len(held_out) - 1, JUDGED, dtype=np.int64)))

    def judge(weights: dict[str, Tensor]) -> float:
        ranks = rank_last(Model(watched, weights, history, last_day), held_out)
        return float(summarize(ranks)["ndcg_at_10"]["value"])

    recorder = Recorder(
        interactions=len(history.item),
        judge=judge if held_out is not None and len(held_out) else None,
        checkpoints=checkpoints,
        training=identify_training(history, config) if checkpoints else "",
        is_shown=is_shown,
    )
    return train_kind(history, config, recorder), recorder.curve


@dataclass
class Recorder:
    """A watcher that keeps what it sees. `interactions`: how many an epoch passes over; `judge` makes the metric of
    weights; `checkpoints`: the URI below which states are kept; `training`: whose states they are."""

    interactions: int
    judge: Callable[[dict[str, Tensor]], float] | None = None
    checkpoints: str | None = None
    training: str = ""
    is_shown: bool = True
    curve: list[Point] = field(default_factory=list)
    is_first: bool = field(init=False)
    bar: tqdm = field(init=False)
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.is_first = read_rank() == 0  # of the processes, which alone judges, writes and shows
        self.bar = tqdm(unit="interaction", unit_scale=True, disable=not (self.is_shown and self.is_first))
        self.began = time.perf_counter()

    def resume(self) -> tuple[int, dict[str, Tensor]] | None:
        found = read_checkpoint(self.checkpoints, self.training) if self.checkpoints else None
        if found is None:
            return None
        self.curve = found[0]
        self.began -= self.curve[-1].seconds
        self.bar.update(self.curve[-1].epoch * self.interactions)
        self.bar.unpause()
        return self.curve[-1].epoch, found[1]

    def finish_epoch(self, epoch: int, epochs: int, loss: float, weights: dict[str, Tensor]) -> None:
        """After the last epoch no state is kept: what is left to do is the caller's."""
        paused = time.perf_counter()
        point = Point(epoch, loss, None, paused - self.began)
        if self.is_first and self.judge:
            point = replace(point, metric=self.judge(weights))
        self.curve.append(point)
        if self.is_first and self.checkpoints and epoch < epochs:
            write_checkpoint(self.checkpoints, self.training, self.curve, weights)
        self.show(point, epochs)
        self.began += time.perf_counter() - paused

    def show(self, point: Point, epochs: int) -> None:
        self.bar.total = epochs * self.interactions
        told = {"loss": f"{point.loss:.6g}"} | ({} if point.metric is None else {"NDCG@10": f"{point.metric:.4f}"})
        self.bar.set_postfix(told, refresh=False)
        self.bar.update(self.interactions)
        if point.epoch == epochs:
            self.bar.close()


def identify_training(interactions: Interactions, config: Config) -> str:
    """The same for the same config and interactions only."""
    digest = hashlib.sha256(format_config(config).encode())
    for array in (interactions.starts, interactions.item, interactions.weight, interactions.days):
        digest.update(array.tobytes())
    return digest.hexdigest()


def write_checkpoint(uri: str, training: str, curve: list[Point], weights: dict[str, Tensor]) -> None:
    """Keep the state after the curve's last epoch, and forget those before the last two."""
    about = {"training": training, "curve": json.dumps([asdict(point) for point in curve])}
    tensors = {name: tensor.cpu().contiguous() for name, tensor in weights.items()}
    epoch = curve[-1].epoch
    file = file_uri(uri, epoch)
    unfinished = file if file.startswith("s3://") else f"{file}.unfinished"
    write_bytes(unfinished, encode_tensors(tensors, metadata=about))
    if unfinished != file:
        Path(unfinished).replace(file)
    remove_file(file_uri(uri, epoch - KEPT))


def read_checkpoint(uri: str, training: str) -> tuple[list[Point], dict[str, Tensor]] | None:
    """The newest state of this training, with its curve; None where there is none that can be read."""
    for file in sorted(list_files(uri), reverse=True):
        try:
            content = read_bytes(file)
            tensors, about = read_tensors(content), read_metadata(content)
        except (SafetensorError, ValueError):
            continue
        if about.get("training") == training:
            return [Point(**point) for point in json.loads(about["curve"])], tensors
    return None


def remove_checkpoints(uri: str) -> None:
    """What is below the URI is needed no more: the training has ended."""
    for file in list_files(uri):
        remove_file(file)


def file_uri(uri: str, epoch: int) -> str:
    return f"{uri.rstrip('/')}/epoch-{epoch:05d}.safetensors"


def list_files(uri: str) -> list[str]:
    if uri.startswith("s3://"):
        store = open_store()
        return [store.address(key) for key in store.list(find_key(f"{uri.rstrip('/')}/epoch-"))]
    return [str(path) for path in Path(uri).glob("epoch-*.safetensors")]


def remove_file(file: str) -> None:
    if file.startswith("s3://"):
        open_store().remove_all(find_key(file))
    else:
        Path(file).unlink(missing_ok=True)
