"""Questions that people keep: rows of `ledger.saved_questions`, of which the last one of a question counts.

A question belongs to who saved it. Its owner and administrators change and delete it; others read it once it is shared.
Whoever asks it asks as themselves: a text gives nobody a right. Commit messages name neither name nor text.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

from duckdb import DuckDBPyConnection

from watershed.errors import InvalidInput, NotAllowed, NotFound
from watershed.warehouse.ledger.history import insert_rows, utc_now
from watershed.warehouse.publish import read_snapshot
from watershed.warehouse.recording import open_record

LONGEST_NAME, LONGEST_QUERY = 120, 100_000  # characters
PATIENCE_S = 10.0  # that a page waits for other writers
MOST = 200  # questions of a person
HOUR, MOST_CHANGES = timedelta(hours=1), 60  # by a person: each is a version of the lake
UNKNOWN = "there is no such question any more, or whoever saved it does not share it with you"
FIELDS = "question_id, name, query, as_of, owner, is_shared, changed_by, changed_at"
FIND = f"SELECT {FIELDS} FROM ledger.current_questions WHERE question_id = ?"
COUNT = "SELECT count(*) FROM ledger.current_questions WHERE owner = ?"
CHANGES = "SELECT count(*) FROM ledger.saved_questions WHERE changed_by = ? AND changed_at > ?"


@dataclass(frozen=True)
class Told:
    """What a person says of a question."""

    name: str
    query: str
    as_of: str
    is_shared: bool

    def clean(self) -> "Told":
        """Raises InvalidInput with one sentence."""
        name = " ".join(self.name.split())
        if not name:
            raise InvalidInput("a question needs a name, by which you find it again")
        if len(name) > LONGEST_NAME:
            raise InvalidInput(f"a name has {LONGEST_NAME} characters at most, this one has {len(name)}")
        if not self.query.strip():
            raise InvalidInput("there is nothing to save: write a query first")
        if len(self.query) > LONGEST_QUERY:
            raise InvalidInput(f"a query has {LONGEST_QUERY:,} characters at most, this one has {len(self.query):,}")
        return replace(self, name=name, as_of=self.as_of.strip()[:LONGEST_NAME])


@dataclass(frozen=True)
class SavedQuestion:
    """`changed_at` is UTC; an empty `as_of` means the newest version of the lake."""

    question_id: str
    name: str
    query: str
    as_of: str
    owner: str
    is_shared: bool
    changed_by: str
    changed_at: datetime

    def may_change(self, who: str, administers: bool) -> bool:
        return administers or who == self.owner

    def verify_change(self, who: str, administers: bool) -> None:
        """Raises NotAllowed with one sentence."""
        if not self.may_change(who, administers):
            raise NotAllowed(f"this question is {self.owner}'s: save it under a name of your own to change it")

    def may_read(self, who: str, administers: bool) -> bool:
        return self.is_shared or self.may_change(who, administers)


def save_question(by: str, told: Told) -> SavedQuestion:
    """Raises InvalidInput with one sentence."""
    one = SavedQuestion(uuid4().hex[:12], **asdict(told.clean()), owner=by, changed_by=by, changed_at=utc_now())
    with open_record(by, "save a question", PATIENCE_S) as con:
        [(count,)] = con.execute(COUNT, [by]).fetchall()
        if count >= MOST:
            raise InvalidInput(f"you have {MOST} questions already: delete one that you do not need any more")
        insert_question(con, one)
    return one


def change_question(question_id: str, by: str, administers: bool, told: Told) -> SavedQuestion:
    """Raises InvalidInput; NotFound where there is no such question for `by`, NotAllowed where it is
    another's."""
    told = told.clean()
    with open_record(by, f"change the question {question_id}", PATIENCE_S) as con:
        known = find_question(con, question_id, by, administers)
        one = replace(known, **asdict(told), changed_by=by, changed_at=utc_now())
        insert_question(con, one)
    return one


def delete_question(question_id: str, by: str, administers: bool) -> None:
    """Of its rows only that it was deleted stays. Raises as `change_question`."""
    with open_record(by, f"delete the question {question_id}", PATIENCE_S) as con:
        known = find_question(con, question_id, by, administers)
        insert_question(con, replace(known, name="", query="", changed_by=by, changed_at=utc_now()), is_deleted=True)
        con.execute("DELETE FROM ledger.saved_questions WHERE question_id = ? AND NOT is_deleted", [question_id])


def find_question(con: DuckDBPyConnection, question_id: str, by: str, administers: bool) -> SavedQuestion:
    row = con.execute(FIND, [question_id]).fetchone()
    one = SavedQuestion(*row) if row else None
    if one is None or not one.may_read(by, administers):
        raise NotFound(UNKNOWN)
    one.verify_change(by, administers)
    return one


def insert_question(con: DuckDBPyConnection, one: SavedQuestion, is_deleted: bool = False) -> None:
    """Raises InvalidInput for somebody who has changed questions very often."""
    [(changes,)] = con.execute(CHANGES, [one.changed_by, utc_now() - HOUR]).fetchall()
    if changes >= MOST_CHANGES:
        raise InvalidInput(f"you have changed questions {MOST_CHANGES} times within an hour: go on later")
    row = asdict(one) | {"is_deleted": is_deleted, "snapshot_id": read_snapshot(con) + 1}
    insert_rows(con, "ledger.saved_questions", [row])
