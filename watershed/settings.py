"""Every address and secret, from the environment; on a laptop from the file that the local stack wrote.

Production sets the WATERSHED_* variables and has no such file. Nothing else in the repository names a host or a port.
"""

import json
import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from watershed.errors import InvalidInput, UserError
from watershed.project import find_project


class SettingsMissing(UserError):
    """A setting that a step needs is set nowhere."""


@dataclass(frozen=True)
class Settings:
    """Where things are. An empty `s3_endpoint` means AWS's own, empty `duckdb_threads` all cores."""

    home: Path
    bucket: str
    catalog_url: str
    s3_access_key: str
    s3_secret_key: str
    s3_endpoint: str = ""
    s3_region: str = "us-east-1"
    duckdb_memory: str = "1GB"
    duckdb_threads: str = ""

    @property
    def lake_path(self) -> str:
        """Where DuckLake keeps its Parquet files."""
        return f"s3://{self.bucket}/lake/"


def find_home() -> Path:
    """The folder of all local state: `WATERSHED_HOME`, else `.watershed` in the project. Raises ProjectMissing."""
    home = os.environ.get("WATERSHED_HOME")
    return Path(home).expanduser().absolute() if home else find_default_home()


def find_default_home() -> Path:
    return find_project() / ".watershed"


FILE = "settings.env"  # of a home: written by the local stack
STACK = "start the local stack with `watershed up`, name the folder of another one in WATERSHED_HOME, or set it"


def read_setting(name: str, default: str | None = None, cure: str = "") -> str:
    """`WATERSHED_<NAME>` from the environment, else from the local stack's file. Raises SettingsMissing, with what to
    do about it."""
    variable = f"WATERSHED_{name.upper()}"
    value = os.environ.get(variable) or read_stack_file(find_home()).get(variable) or default
    if value is None:
        where = f": {cure}" if cure else f" and not in {find_home() / FILE}: {STACK} (docs/production.md)"
        raise SettingsMissing(f"{variable} is not set{where}")
    return value


def load_settings() -> Settings:
    return Settings(
        home=find_home(),
        bucket=read_setting("bucket"),
        catalog_url=read_setting("catalog_url"),
        s3_endpoint=read_setting("s3_endpoint", ""),
        s3_region=read_setting("s3_region", "us-east-1"),
        s3_access_key=read_setting("s3_access_key"),
        s3_secret_key=read_setting("s3_secret_key"),
        duckdb_memory=read_setting("duckdb_memory", "1GB"),
        duckdb_threads=read_setting("duckdb_threads", ""),
    )


def load_reader() -> Settings:
    """The same lake by a role and a key that can only read. Nothing that may write has to be set where analysts are.

    Raises SettingsMissing.
    """
    return Settings(
        home=find_home(),
        bucket=read_setting("bucket"),
        catalog_url=read_setting("reader_catalog_url"),
        s3_endpoint=read_setting("s3_endpoint", ""),
        s3_region=read_setting("s3_region", "us-east-1"),
        s3_access_key=read_setting("reader_s3_access_key"),
        s3_secret_key=read_setting("reader_s3_secret_key"),
        duckdb_memory=read_setting("analyst_memory", "1GB"),
    )


def read_mask_key(settings: Settings) -> str:
    """The key of the masks of personal values (warehouse/masks.py). Equal keys, equal masks: keep it.

    Where none is set, it is made of the reader's S3 secret, and changes with that.
    """
    return read_setting("mask_key", "") or sha256(f"masks {settings.s3_secret_key}".encode()).hexdigest()


def load_kafka() -> dict[str, str]:
    """Properties of librdkafka: the brokers, and whatever `WATERSHED_KAFKA_OPTIONS` adds (a JSON object), such as the
    keys that say how to log in. Raises SettingsMissing, InvalidInput."""
    try:
        options = json.loads(read_setting("kafka_options", "{}"))
    except ValueError:
        options = None
    if not isinstance(options, dict) or any(isinstance(value, dict | list) for value in options.values()):
        raise InvalidInput('WATERSHED_KAFKA_OPTIONS is not a JSON object: write {"security.protocol": "SASL_SSL", ...}')
    return {"bootstrap.servers": read_setting("kafka_brokers")} | options


def topic_name(topic: str) -> str:
    """A declared topic as the brokers know it: several lakes may share a cluster under names of their own."""
    return read_setting("topic_prefix", "") + topic


def source_url(source: str) -> str:
    """The SQLAlchemy-style PostgreSQL address of an oltp source: `WATERSHED_<SOURCE>_URL`."""
    address = "postgresql://user:password@host/name"
    cure = f"set it to the address of the database that the source {source} reads, {address} (docs/production.md)"
    return read_setting(f"{source}_url", cure=cure)


def read_stack_file(home: Path) -> dict[str, str]:
    path = home / FILE
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
