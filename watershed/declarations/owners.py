"""Owners: who answers for a table, and how they are reached. Contracts, SQL files and DAGs name one of these.

A project declares its owners in contracts/owners.py and nowhere else. Pages, `watershed tables`, alerts and runbooks
show how to reach them; a test keeps every name that is used declared.
"""

import re
from dataclasses import dataclass

from watershed.declarations.nearby import explain_unknown
from watershed.errors import InvalidInput
from watershed.project import load_module

MAILBOX = re.compile(r"[^@\s<>?&]+@[^@\s<>?&]+")


@dataclass(frozen=True)
class Owner:
    """A team or person. `email` is an address, `chat` and `on_call` are links: a channel, and who is called."""

    name: str
    about: str
    email: str = ""
    chat: str = ""
    on_call: str = ""

    def __post_init__(self) -> None:
        """Raises InvalidInput where nobody can be reached, or a page could not link to it."""
        if not self.ways:
            raise InvalidInput(f"the owner {self.name} cannot be reached: declare email, chat or on_call")
        if self.email and not MAILBOX.fullmatch(self.email):
            raise InvalidInput(f"the owner {self.name} has the e-mail {self.email!r}: write it as team@company.example")
        if strange := [link for link in (self.chat, self.on_call) if link and not link.startswith("https://")]:
            raise InvalidInput(
                f"the owner {self.name} has the link {strange[0]!r}: write one that begins with https://"
            )

    @property
    def ways(self) -> dict[str, str]:
        """How to reach them: by the words for it, a link."""
        links = {self.email: f"mailto:{self.email}"} if self.email else {}
        return links | {word: link for word, link in (("chat", self.chat), ("on call", self.on_call)) if link}

    @property
    def contact(self) -> str:
        """The same as text, for where nobody can click."""
        links = [f"{word} {link}" for word, link in (("chat", self.chat), ("on call", self.on_call)) if link]
        return ", ".join([self.email] * bool(self.email) + links)


def list_owners() -> tuple[Owner, ...]:
    """The owners that the project declares: `OWNERS` in its contracts/owners.py."""
    return tuple(load_module("contracts.owners").OWNERS)


def find_owner(name: str) -> Owner | None:
    """None where nobody has declared who that is."""
    return next((owner for owner in list_owners() if owner.name == name), None)


def explain_owner(name: str) -> str:
    """What to say of a name that no owner has."""
    known = [owner.name for owner in list_owners()]
    return f"{explain_unknown('owner', name, known)} Owners are declared in contracts/owners.py"
