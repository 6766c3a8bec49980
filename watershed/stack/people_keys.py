"""The local stack's keys of persons: a role of PostgreSQL and a key of the S3 server each.

What somebody does to their own role, such as another password, locks out nobody else.
"""

import secrets
import signal
from datetime import UTC, datetime
from typing import Any

import psycopg

from watershed.errors import InvalidInput, NotFound
from watershed.serving.access_tokens import NAME
from watershed.stack.home import Home, make_token, read_ports
from watershed.stack.postgres import admin_url
from watershed.stack.process import find_process
from watershed.stack.readers import READER, create_login, drop_login, has_role
from watershed.stack.s3 import s3_address
from watershed.stack.s3_keys import ACCESS_KEY, BUCKET, allow_in_bucket, read_people, write_identities, write_people


def add_keys(home: Home, name: str) -> dict[str, str]:
    """What the person sets, which nobody can show again. Raises InvalidInput for a name that is taken or not one."""
    people = read_people(home)
    if not NAME.fullmatch(name):
        raise InvalidInput(
            f"{name!r} is not a name: small letters, digits and . _ - @, beginning with a letter or digit"
        )
    if name in people:
        raise InvalidInput(f"{name} has keys already: remove them first, with `watershed keys --remove {name}`")
    ports, password, secret = read_ports(home), make_token(), make_token()
    with connect_as_admin(home) as connection:
        if has_role(connection, name):
            raise InvalidInput(f"{name} is a role of the stack: choose another name")
        create_login(connection, name, password, "catalog")
    # The S3 server knows a key that was removed until its next start: a new one has another name, so that the old one
    # opens nothing meanwhile.
    key = f"{name}.{secrets.token_hex(4)}"
    added = {"key": key, "secret": secret, "added_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    write_people(home, people | {name: added})
    tell_s3(home)
    return {
        "WATERSHED_READER_CATALOG_URL": f"postgresql://{name}:{password}@127.0.0.1:{ports['postgres']}/catalog",
        "WATERSHED_READER_S3_ACCESS_KEY": key,
        "WATERSHED_READER_S3_SECRET_KEY": secret,
        "WATERSHED_S3_ENDPOINT": s3_address(ports),
        "WATERSHED_BUCKET": BUCKET,
    }


def remove_keys(home: Home, name: str) -> None:
    """Their role, with what it is doing, and their key. Raises NotFound."""
    people = read_people(home)
    if name not in people:
        raise NotFound(f"nobody called {name!r} has keys; those who have are {', '.join(sorted(people)) or 'none'}")
    with connect_as_admin(home) as connection:
        is_there = has_role(connection, name)
    if is_there:
        drop_login(admin_url(home, read_ports(home)["postgres"]), name)
    del people[name]
    write_people(home, people)
    tell_s3(home)


def connect_as_admin(home: Home) -> "psycopg.Connection[Any]":
    return psycopg.connect(admin_url(home, read_ports(home)["postgres"], "catalog"), autocommit=True)


def tell_s3(home: Home) -> None:
    """Have the running server read its keys again, and open the lake to the keys that there are."""
    write_identities(home)
    if (process := find_process(home, "s3")) is not None:
        process.send_signal(signal.SIGHUP)
    allow_readers(home)


def allow_readers(home: Home) -> None:
    keys = [READER, *(person["key"] for person in read_people(home).values())]
    allow_in_bucket(s3_address(read_ports(home)), ACCESS_KEY, home.read_secret("s3"), BUCKET, keys)
