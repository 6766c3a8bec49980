"""Saved questions and what was asked, for who looks: their own, what others share, and for an administrator all."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from watershed.errors import NotFound
from watershed.serving.question_log import Asked, read_questions
from watershed.serving.saved_questions import FIELDS, UNKNOWN, SavedQuestion
from watershed.warehouse.ledger.cache import MIRROR

SAVED = f"SELECT {FIELDS} FROM current_questions ORDER BY lower(name), question_id"
SHOWN = 100


@dataclass(frozen=True)
class Past:
    """A question that was asked. `link` opens it in the editor; `rows` are None where it has no answer."""

    asked: Asked

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.asked["at"]).replace(tzinfo=None)

    @property
    def link(self) -> str:
        parts = {"query": self.asked["sql"], "snapshot": self.asked.get("snapshot") or ""}
        return urlencode({name: text for name, text in parts.items() if text})


def list_saved(who: str, administers: bool) -> list[SavedQuestion]:
    found = (SavedQuestion(**row) for row in MIRROR.ask(SAVED))
    return [one for one in found if one.may_read(who, administers)]


def find_saved(question_id: str, who: str, administers: bool) -> SavedQuestion:
    """Raises NotFound, which does not tell a question of somebody else from one that there is not."""
    for one in list_saved(who, administers):
        if one.question_id == question_id:
            return one
    raise NotFound(UNKNOWN)


def list_past(who: str | None) -> list[Past]:
    """The latest first; of everybody where `who` is None."""
    return [Past(asked) for asked in read_questions(who, SHOWN)]
