"""Files of weights: at a path, or at `s3://bucket/key` of the lake's own store."""

import hashlib
from pathlib import Path

from watershed.errors import InvalidInput, NotFound
from watershed.lake.store import open_store
from watershed.models.registry import Version


def read_weights(version: Version) -> bytes:
    """Raises InvalidInput with one sentence when the weights are missing, or are not those that were published."""
    what = f"the weights of {version.model_name} version {version.model_version} ({version.state})"
    cure = "restore the file, or `watershed models promote` another version"
    try:
        content = read_bytes(version.weights_uri)
    except NotFound:
        raise InvalidInput(f"{what} are not at {version.weights_uri}: {cure}") from None
    if hashlib.sha256(content).hexdigest() != version.weights_sha256:
        raise InvalidInput(f"{what} at {version.weights_uri} are damaged, their SHA-256 is another one: {cure}")
    return content


def write_bytes(uri: str, content: bytes) -> None:
    """To a path, whose folders are made, or to a key of the lake's bucket."""
    if uri.startswith("s3://"):
        open_store().write_bytes(find_key(uri), content)
    else:
        Path(uri).parent.mkdir(parents=True, exist_ok=True)
        Path(uri).write_bytes(content)


def read_bytes(uri: str) -> bytes:
    """Raises NotFound where nothing lies."""
    if uri.startswith("s3://"):
        return open_store().read_bytes(find_key(uri))
    if not Path(uri).exists():
        raise NotFound(f"there is no file {uri}")
    return Path(uri).read_bytes()


def find_key(uri: str) -> str:
    """The key in the lake's bucket. Raises NotFound for another bucket: its keys are not ours."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if bucket != (own := open_store().bucket):
        raise NotFound(f"{uri} is in the bucket {bucket}, the lake's bucket is {own}")
    return key
