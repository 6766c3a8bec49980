"""A version of the registry as a model, after its file was found to be what was published."""

import hashlib

from models.recommender.model import Model, load
from models.recommender.weights import read_bytes
from watershed.errors import InvalidInput
from watershed.models.registry import Version


def load_version(version: Version) -> Model:
    """Raises InvalidInput with one sentence when the weights are missing, or are not those that were published."""
    what = f"the weights of {version.model_name} version {version.model_version} ({version.state})"
    cure = "restore the file, or `watershed models promote` another version"
    try:
        content = read_bytes(version.weights_uri)
    except LookupError:
        raise InvalidInput(f"{what} are not at {version.weights_uri}: {cure}") from None
    if hashlib.sha256(content).hexdigest() != version.weights_sha256:
        raise InvalidInput(f"{what} at {version.weights_uri} are damaged, their SHA-256 is another one: {cure}")
    return load(version.weights_uri)
