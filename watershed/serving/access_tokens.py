"""Who may ask from elsewhere: a name, a role and a token each, kept as a digest in `analysts.json` of WATERSHED_HOME.

Tokens are random and long, so a plain SHA-256 of one is as good as a slow hash: there is no list of likely ones to try.
"""

import json
import os
import re
import secrets
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from watershed.declarations.roles import Role, find_least_role, find_role
from watershed.errors import InvalidInput, NotFound
from watershed.settings import find_home

NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


def add_person(name: str, role: Role | None = None) -> str:
    """A token for somebody, which nobody can show again. A second one replaces the first. Raises InvalidInput."""
    if not NAME.fullmatch(name):
        raise InvalidInput(f"{name!r} is not a name: small letters, digits and . _ - @, a letter or digit first")
    token = secrets.token_urlsafe(32)
    held = (role or find_least_role()).name
    added = {"sha256": digest_token(token), "role": held, "added_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    write_people(read_people() | {name: added})
    return token


def remove_person(name: str) -> None:
    """What they are asking now is still answered, the next question is not. Raises NotFound."""
    people = read_people()
    if people.pop(name, None) is None:
        raise NotFound(f"nobody called {name!r} has a token; those who have are {', '.join(sorted(people)) or 'none'}")
    write_people(people)


def find_person(token: str) -> str | None:
    """Whose token it is."""
    digest = digest_token(token)
    owners = [name for name, p in read_people().items() if secrets.compare_digest(p["sha256"], digest)]
    return next(iter(owners), None)


def read_role(name: str) -> Role:
    """What somebody who has a token sees. Tokens that are older than roles have the one that sees least. Raises
    NotFound for a role that is not declared any more."""
    return find_role(read_people()[name].get("role", find_least_role().name))


def digest_token(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def people_file() -> Path:
    return find_home() / "analysts.json"


def read_people() -> dict[str, dict[str, str]]:
    path = people_file()
    people: dict[str, dict[str, str]] = json.loads(path.read_text()) if path.exists() else {}
    return people


def write_people(people: dict[str, dict[str, str]]) -> None:
    """At once, and ours alone from its first byte."""
    draft = people_file().with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(people, file, indent=1)
    draft.replace(people_file())
