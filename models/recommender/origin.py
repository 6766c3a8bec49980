"""Where a model comes from, as far as that decides its weights: code, libraries, processor, threads."""

from pathlib import Path

from watershed.models.origin import hash_modules, list_versions_of

FOLDER = Path(__file__).parent
# What says something about a model that is trained already: no weight and no metric depends on it.
BYSTANDERS = {"__init__", "__main__", "card", "checkpoints", "curves", "drift", "files", "gate", "origin"}
BYSTANDERS |= {"choose"}  # chooses a config, which is recorded
BYSTANDERS |= {"predicting", "training"}
LIBRARIES = ("torch", "numpy", "scipy", "pyarrow", "safetensors")


def hash_code() -> str:
    """SHA-256 over the modules that decide the weights."""
    return hash_modules(FOLDER, BYSTANDERS)


def list_libraries() -> dict[str, str]:
    """What the same code may compute other last digits with."""
    import torch

    return {**list_versions_of(LIBRARIES), "threads": str(torch.get_num_threads())}
