"""A model as one file: safetensors, whose loading runs no code. Weights, items and histories are tensors; what a number
cannot say (kind, config, format) is its metadata."""

import hashlib
import json

import numpy as np
import pyarrow as pa
import torch
from safetensors import SafetensorError
from safetensors.torch import load as read_tensors
from safetensors.torch import save as encode_tensors

from models.recommender.config import Config, format_config, read_config
from models.recommender.interactions import Interactions
from watershed.errors import InvalidInput
from watershed.models.weights import read_bytes, write_bytes

FORMAT = "1"
ARRAYS = ("starts", "item", "weight", "days")


def write_file(
    uri: str, config: Config, weights: dict[str, torch.Tensor], history: Interactions, last_day: float
) -> str:
    """Returns the SHA-256 of the file: the same model has the same one."""
    tensors = {f"weights.{name}": tensor.cpu().contiguous() for name, tensor in weights.items()}
    tensors |= {f"history.{name}": torch.from_numpy(getattr(history, name)) for name in ARRAYS}
    tensors |= encode_ids("users", history.users) | encode_ids("items", history.items)
    about = {"format": FORMAT, "config": format_config(config), "last_day": float(last_day)}
    content = encode_tensors(tensors, metadata={"model": json.dumps(about)})  # one entry: several have no fixed order
    write_bytes(uri, content)
    return hashlib.sha256(content).hexdigest()


def read_file(uri: str) -> tuple[Config, dict[str, torch.Tensor], Interactions, float]:
    """Raises InvalidInput for a file that is no model, NotFound where there is none."""
    content = read_bytes(uri)
    try:
        tensors, about = read_tensors(content), json.loads(read_metadata(content).get("model", "{}"))
    except (SafetensorError, ValueError) as error:
        raise InvalidInput(f"{uri} is damaged or no model: {error}; restore the file, or train again") from None
    if about.get("format") != FORMAT:
        raise InvalidInput(
            f"{uri} was saved in format {about.get('format')} and this version reads format {FORMAT}: train again"
        )
    weights = {name.removeprefix("weights."): t for name, t in tensors.items() if name.startswith("weights.")}
    arrays = {name: tensors[f"history.{name}"].numpy() for name in ARRAYS}
    history = Interactions(users=read_ids("users", tensors), items=read_ids("items", tensors), **arrays)
    return read_config(about["config"]), weights, history, about["last_day"]


def read_metadata(content: bytes) -> dict[str, str]:
    """What a file says besides its tensors. The header of safetensors is its length in eight bytes, then JSON."""
    length = int.from_bytes(content[:8], "little")
    return dict(json.loads(content[8 : 8 + length]).get("__metadata__", {}))


def encode_ids(name: str, ids: pa.Array) -> dict[str, torch.Tensor]:
    """Numbers as they are, texts as their bytes and where each ends."""
    if pa.types.is_integer(ids.type):
        return {f"ids.{name}": torch.from_numpy(ids.to_numpy(zero_copy_only=False).astype(np.int64))}
    texts = [text.encode() for text in ids.to_pylist()]
    ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
    content = np.frombuffer(b"".join(texts), dtype=np.uint8).copy()
    return {f"ids.{name}.text": torch.from_numpy(content), f"ids.{name}.ends": torch.from_numpy(ends)}


def read_ids(name: str, tensors: dict[str, torch.Tensor]) -> pa.Array:
    if (numbers := tensors.get(f"ids.{name}")) is not None:
        return pa.array(numbers.numpy())
    content = tensors[f"ids.{name}.text"].numpy().tobytes()
    ends = tensors[f"ids.{name}.ends"].tolist()
    return pa.array([content[a:b].decode() for a, b in zip([0, *ends], ends, strict=False)], pa.string())
