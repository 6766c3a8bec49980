"""Object storage: write-once raw objects, staged files and the small manifests of a run.

The one place where a key is spelled:

    raw/<source>/<digest>                 a raw object, named by its content
    runs/<run_id>/<step>.json             what a step of a run found out
    runs/<run_id>/<anything>.parquet      rows on their way to quarantine or ledger
    streams/<source>/<consumer>.json      how a consumer of a stream is
    lake/<schema>/<table>/<file>.parquet  a table's files, staged ones included
    models/<model>/<version>/<file>       weights, card, curves and metrics of a version
    models/<model>/checkpoints/<run_id>/<file>  how far a training is; gone when it is published
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import IO, Any, BinaryIO

from botocore.exceptions import ClientError

from watershed.errors import NotFound
from watershed.lake.raw_objects import Landing, RawObject, describe_object
from watershed.settings import Settings, load_settings

CHUNK_BYTES = 8 << 20
MOST_DELETED = 1000  # that one request takes


def raw_key(source: str, digest: str) -> str:
    return f"raw/{source}/{digest[:32]}"


def is_named_by_content(key: str) -> bool:
    """Whether a raw object's key is one of ours, so that other bytes would have another."""
    return re.fullmatch(r"raw/[^/]+/[0-9a-f]{32}", key) is not None


def step_key(run_id: str, step: str) -> str:
    return f"runs/{run_id}/{step}.json"


def health_key(source: str, consumer: str) -> str:
    return f"streams/{source}/{consumer}.json" if consumer else f"streams/{source}/"


def side_key(run_id: str, name: str) -> str:
    """Where a run keeps rows that are not the file of a table, such as those on their way to quarantine."""
    return f"runs/{run_id}/{name}.parquet"


def table_key(address: str, file: str) -> str:
    """Where a file of the table `schema.name` lies: below DuckLake's data path, as DuckLake itself would put it."""
    schema, _, name = address.partition(".")
    return f"lake/{schema}/{name}/{file}.parquet"


def model_key(model: str, version: int, file: str) -> str:
    return f"models/{model}/{version}/{file}"


def checkpoint_key(model: str, run_id: str, file: str) -> str:
    return f"models/{model}/checkpoints/{run_id}/{file}"


@lru_cache(maxsize=8)
def open_client(settings: Settings, process: int) -> Any:
    """The S3 client of a process: making one takes longer than most requests. A fork has one of its own, since two
    processes cannot share connections."""
    return make_client(settings, retries={"mode": "standard"})


def make_client(settings: Settings, **config: Any) -> Any:
    """A client of the lake's S3 server; `config` is botocore's."""
    import boto3  # half of what a command imports that asks the catalogue alone
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint or None,
        region_name=settings.s3_region,
        aws_access_key_id=settings.s3_access_key,
        aws_secret_access_key=settings.s3_secret_key,
        config=Config(s3={"addressing_style": "path" if settings.s3_endpoint else "auto"}, **config),
    )


class Store:
    """One bucket. Errors of the S3 client pass through: the caller can do nothing about them but retry."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.bucket = settings.bucket

    @property
    def client(self) -> Any:
        return open_client(self.settings, os.getpid())

    def address(self, key: str) -> str:
        """The `s3://` address of a key."""
        return f"s3://{self.bucket}/{key}"

    def put_once(self, source: str, content: BinaryIO, landing: Landing | str) -> RawObject:
        """Write seekable bytes as a raw object, unless the same content already is one. `landing`: what is known of
        them, or only their name.

        The key is the content's SHA-256 (with the day, where the content itself names none, and with the origin, where
        the producer names one), so that landing the same content twice, even at the same moment, makes one object.
        `is_new` of the answer tells. Raises NotFound where there is no such bucket: some servers would make it.
        """
        if isinstance(landing, str):
            landing = Landing(landing, hash_content(content))
        key = raw_key(source, landing.identity)
        if (found := self.find(key)) is not None:
            return found
        self.verify_bucket()
        content.seek(0)
        self.client.upload_fileobj(content, self.bucket, key, ExtraArgs={"Metadata": landing.metadata})
        return replace(self.head(key), is_new=True)

    def verify_bucket(self) -> None:
        """A key that may not ask whether there is a bucket is told when it writes."""
        try:
            self.client.head_bucket(Bucket=self.bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
                return
            where = self.settings.s3_endpoint or "AWS"
            raise NotFound(
                f"there is no bucket {self.bucket} at {where}: set WATERSHED_BUCKET to the lake's, or make it and "
                "prepare a lake in it with `watershed up`"
            ) from None

    def head(self, key: str) -> RawObject:
        """What is known of a raw object. Raises NotFound when there is none."""
        if (found := self.find(key)) is None:
            raise NotFound(f"there is no object {key} in the bucket {self.bucket}")
        return found

    def find(self, key: str) -> RawObject | None:
        try:
            answer = self.client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
                return None
            raise
        return describe_object(key, answer)

    def list(self, prefix: str) -> Iterator[str]:
        """All keys below a prefix, in order."""
        return (key for key, _ in self.list_times(prefix))

    def list_times(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """The same, each with when it was written (UTC)."""
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
            entries = page.get("Contents", ())
            yield from ((entry["Key"], entry["LastModified"].replace(tzinfo=None)) for entry in entries)

    def list_raw(self, source: str) -> Iterator[str]:
        return self.list(f"raw/{source}/")

    def open(self, key: str) -> BinaryIO:
        """A stream over an object's bytes, to be read in large pieces."""
        return self.client.get_object(Bucket=self.bucket, Key=key)["Body"]

    def write_json(self, key: str, value: object) -> None:
        self.write_bytes(key, json.dumps(value, default=str).encode())

    def write_bytes(self, key: str, body: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body)

    def read_bytes(self, key: str) -> bytes:
        """All of an object. Raises NotFound when there is no such object."""
        try:
            return bytes(self.open(key).read())
        except self.client.exceptions.NoSuchKey:
            raise NotFound(f"there is no object {key} in the bucket {self.bucket}") from None

    def remove_run(self, run_id: str) -> None:
        """Delete what the steps of a run told each other. For runs of which there are thousands a day."""
        self.remove_all(f"runs/{run_id}/")

    def remove_all(self, prefix: str) -> None:
        """Delete every object below a prefix."""
        listed = [{"Key": key} for key in self.list(prefix)]
        for start in range(0, len(listed), MOST_DELETED):
            some = listed[start : start + MOST_DELETED]
            self.client.delete_objects(Bucket=self.bucket, Delete={"Objects": some, "Quiet": True})

    def find_json(self, key: str) -> Any:
        """As `read_json`, but None when there is no such object."""
        try:
            return self.read_json(key)
        except NotFound:
            return None

    def read_json(self, key: str) -> Any:
        """Raises NotFound when there is no such object."""
        return json.loads(self.read_bytes(key))


def open_store(settings: Settings | None = None) -> Store:
    return Store(settings or load_settings())


def hash_content(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    content.seek(0)
    while piece := content.read(CHUNK_BYTES):
        digest.update(piece)
    return digest.hexdigest()
