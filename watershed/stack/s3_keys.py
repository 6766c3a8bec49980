"""Who has a key of the local S3 server, and what it opens: the lake's own, the broker's, and those that only read."""

import json
from collections.abc import Iterable
from typing import Any

import boto3
from botocore.config import Config

from watershed.stack.home import Home, write_private
from watershed.stack.readers import READER

ACCESS_KEY = "watershed"  # the lake's own: it opens everything
BROKER = "broker"
BUCKET = "watershed"
TOPICS_BUCKET = "watershed-topics"  # the log of the broker (stack/kafka.py)
ACCOUNT = "000000000000"  # what the server calls its only one


def write_identities(home: Home) -> str:
    """The server's file of keys besides its administrator's, which the server reads as it starts and on SIGHUP.

    Readers may do what a bucket's policy says. The broker has its own bucket: who talks it into something, since it
    asks nobody for a password, reaches nothing of the lake.
    """
    identities = [make_identity(BROKER, home.read_secret("s3_broker"), [f"Admin:{TOPICS_BUCKET}"])]
    # Not the secret that older versions gave to people.
    identities.append(make_identity(READER, home.read_secret("reader_key"), []))
    identities += [make_identity(person["key"], person["secret"], []) for person in read_people(home).values()]
    path = home.folder("s3") / "identities.json"
    write_private(path, json.dumps({"identities": identities}))
    return str(path)


def read_people(home: Home) -> dict[str, dict[str, str]]:
    """By name, who may attach the lake directly: the name of their key, its secret, and since when."""
    path = home.secret_file("people.json")
    people: dict[str, dict[str, str]] = json.loads(path.read_text()) if path.exists() else {}
    return people


def write_people(home: Home, people: dict[str, dict[str, str]]) -> None:
    write_private(home.secret_file("people.json"), json.dumps(people, indent=1))


def make_identity(name: str, secret: str, actions: list[str]) -> dict[str, Any]:
    return {"name": name, "credentials": [{"accessKey": name, "secretKey": secret}], "actions": actions}


def allow_in_bucket(
    endpoint: str, access_key: str, secret_key: str, bucket: str, readers: Iterable[str] = (READER,)
) -> None:
    """Let readers list and read what is under `lake/`, by a policy of the bucket, and nobody else."""
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(retries={"mode": "standard", "max_attempts": 10}),  # a server that has just started refuses it
    )
    client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(make_policy(bucket, readers)))


def make_policy(bucket: str, readers: Iterable[str]) -> dict[str, Any]:
    users = [f"arn:aws:iam::{ACCOUNT}:user/{name}" for name in readers]
    who = {"Effect": "Allow", "Principal": {"AWS": users}}
    read = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/lake/*"}
    only = {"StringLike": {"s3:prefix": "lake/*"}}
    look = {"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}", "Condition": only}
    return {"Version": "2012-10-17", "Statement": [who | read, who | look]}
