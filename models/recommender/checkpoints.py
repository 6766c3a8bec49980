"""How far a training is, kept so that it can go on after a crash: a file an epoch, below one URI.

A file is either complete or not there: on S3 a write is one request, in a folder it is a rename. The newest one that
belongs to the same training (config and interactions) counts; an older one is kept until the next is written.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as read_tensors
from safetensors.torch import save as encode_tensors

from models.recommender.config import Config, format_config
from models.recommender.interactions import Interactions
from models.recommender.weights import read_metadata
from watershed.lake.store import open_store
from watershed.models.weights import find_key, read_bytes, write_bytes

KEPT = 2


@dataclass(frozen=True)
class Point:
    """What was known after an epoch. `seconds` are those of training since its beginning, crashes left out;
    `metric` is NDCG@10 on what was held out, where something was."""

    epoch: int
    loss: float
    metric: float | None
    seconds: float


def identify_training(interactions: Interactions, config: Config) -> str:
    """The same for the same config and interactions only."""
    digest = hashlib.sha256(format_config(config).encode())
    for array in (interactions.starts, interactions.item, interactions.weight, interactions.days):
        digest.update(array.tobytes())
    return digest.hexdigest()


def write_checkpoint(uri: str, training: str, curve: list[Point], weights: dict[str, torch.Tensor]) -> None:
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


def read_checkpoint(uri: str, training: str) -> tuple[list[Point], dict[str, torch.Tensor]] | None:
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
