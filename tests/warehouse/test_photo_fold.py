"""What photo events add up to, however they come: by the very SQL of the lake, against twenty lines of Python."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.photo_events import KINDS
from tests.warehouse.photo_lake import EVER, PhotoLake, Row

FIRST = datetime(2026, 1, 1)
DAYS = 5
LAKE = PhotoLake()


def fold(events: Iterable[Row]) -> dict[int, Row]:
    """The photos that exist after these events: the plainest way to say it."""
    photos: dict[int, Row] = {}
    for event in sorted(events, key=lambda e: (e["version"], e["occurred_at"], e["leader"], e["event_id"])):
        nothing = dict.fromkeys(("user_id", "path", "file_bytes", "camera_id", "title", "added_at"))
        photo = photos.setdefault(event["photo_id"], {**nothing, "is_there": False, "is_deleted": False})
        photo |= {"version": event["version"], "changed_at": event["occurred_at"]}
        photo |= {name: event[name] for name in ("camera_id", "title") if event[name] is not None}
        if event["kind"] in ("addPhoto", "replacePhoto"):
            photo |= {"path": event["path"], "file_bytes": event["file_bytes"]}
        if event["kind"] == "addPhoto":
            added_at = event["occurred_at"] if photo["added_at"] is None else photo["added_at"]
            photo |= {"user_id": event["user_id"], "added_at": added_at, "is_there": True}
        photo["is_deleted"] |= event["kind"] == "deletePhoto"
    there = {key: photo for key, photo in photos.items() if photo.pop("is_there") and not photo["is_deleted"]}
    return {key: {"photo_id": key, **photo} for key, photo in there.items() if not photo.pop("is_deleted")}


def make_event(event_id: str, kind: str, **said: Any) -> Row:
    """An event as its transform spells it, received when it occurred unless said otherwise."""
    event = {"photo_id": 1, "user_id": None, "path": None, "file_bytes": None, "camera_id": None, "title": None}
    event |= {"event_id": event_id, "kind": kind, "version": 1, "leader": "phone-1", "occurred_at": FIRST, **said}
    event.setdefault("received_at", event["occurred_at"])
    moment = event["occurred_at"].isoformat(timespec="microseconds")
    return {**event, "stamp": f"{event['version']:020}|{moment}|{event['leader']}|{event_id}"}


MOMENTS = st.integers(0, DAYS * 24 - 1).map(lambda hours: FIRST + timedelta(hours=hours))
SAID = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(KINDS[:3]) | st.sampled_from(KINDS),
        "photo_id": st.integers(1, 3),
        "version": st.integers(1, 4),
        "leader": st.sampled_from(["a", "b", "c"]),
        "occurred_at": MOMENTS | st.sampled_from([FIRST, FIRST + timedelta(days=6)]),
        "camera_id": st.none() | st.integers(1, 3),
        "title": st.none() | st.sampled_from(["", "x", "é"]),
        "file_bytes": st.none() | st.integers(1, 3),
        "user_id": st.integers(1, 3),
    }
)


@st.composite
def histories(draw: st.DrawFn) -> list[Row]:
    """Events as they arrive: in any order, some of them several times."""
    events = []
    for number, said in enumerate(draw(st.lists(SAID, min_size=1, max_size=14))):
        needed = {"user_id": said["user_id"] if said["kind"] == "addPhoto" else None}
        if said["kind"] in ("addPhoto", "replacePhoto"):
            needed["path"] = f"/{number}"
        events.append(make_event(f"e{number}", **{**said, **needed}))
    repeated = events + draw(st.lists(st.sampled_from(events), max_size=6))
    return [{**event, "received_at": draw(MOMENTS)} for event in draw(st.permutations(repeated))]


@given(histories(), st.data())
@settings(max_examples=40)
def test_any_order_gives_the_same_state(events: list[Row], data: st.DataObject) -> None:
    LAKE.clear()
    LAKE.publish(events)
    state = LAKE.fold_all()
    assert LAKE.read_now() == fold(events)
    LAKE.clear()
    once = {event["event_id"]: event for event in events}
    LAKE.publish([{**e, "received_at": data.draw(MOMENTS)} for e in data.draw(st.permutations([*once.values()]))])
    assert LAKE.fold_all() == state


@given(histories(), st.data())
@settings(max_examples=40)
def test_states_in_between_change_nothing(events: list[Row], data: st.DataObject) -> None:
    """Batches come in any order, of days past too; states are built at any time, of any day, again or never."""
    LAKE.clear()
    rest = events
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        LAKE.publish(rest[:size])
        rest = rest[size:]
        for number in data.draw(st.lists(st.integers(0, DAYS - 1), max_size=3)):
            LAKE.build_state(FIRST.date() + timedelta(days=number))
        published = events[: len(events) - len(rest)]
        assert LAKE.read_now() == fold(published)
    for moment in {event["received_at"] for event in events} | {FIRST - timedelta(days=1), EVER}:
        assert LAKE.read_as_of(moment) == fold([e for e in events if e["received_at"] <= moment])


@given(histories())
@settings(max_examples=20)
def test_a_state_is_what_all_events_amount_to(events: list[Row]) -> None:
    """Registers with their stamps, photos deleted and photos not yet added included."""
    LAKE.clear()
    for event in sorted(events, key=lambda e: e["received_at"]):
        LAKE.publish([event])
    for number in range(DAYS):
        LAKE.build_state(FIRST.date() + timedelta(days=number))
    for day in LAKE.list_state_days():
        state = LAKE.read("(SELECT * EXCLUDE (state_date) FROM core.photo_states WHERE state_date = ?)", day)
        assert state == LAKE.fold_all(datetime.combine(day, datetime.max.time()))


def read_one(*events: Row) -> Row | None:
    """The photo after these events, the same in both orders of arrival."""
    found = []
    for arrived in (events, reversed(events)):
        LAKE.clear()
        for number, event in enumerate(arrived):
            LAKE.publish([{**event, "received_at": FIRST + timedelta(days=number)}])
            LAKE.build_state(FIRST.date() + timedelta(days=number))
        found.append(LAKE.read_now().get(1))
    assert found[0] == found[1]
    return found[0]


ADDED = make_event("added", "addPhoto", user_id=7, path="/1", file_bytes=10)


def test_a_delete_is_final() -> None:
    deleted = make_event("deleted", "deletePhoto", version=2, leader="phone-1")
    late_edit = make_event("edited", "updatePhotoData", version=9, title="too late", leader="phone-2")
    assert read_one(ADDED, deleted, late_edit) is None
    assert read_one(ADDED, make_event("again", "addPhoto", version=10, user_id=8, path="/2"), deleted) is None


def test_two_leaders_edit_different_things_and_both_hold() -> None:
    titled = make_event("titled", "updatePhotoData", version=2, title="Harbor", leader="phone-1")
    replaced = make_event("replaced", "replacePhoto", version=2, path="/2", leader="phone-2")
    photo = read_one(ADDED, titled, replaced)
    assert photo is not None
    assert (photo["title"], photo["path"], photo["file_bytes"], photo["user_id"]) == ("Harbor", "/2", None, 7)


@pytest.mark.parametrize(
    ("wins", "loses"),
    [
        pytest.param({"version": 3}, {"version": 2, "occurred_at": FIRST + timedelta(days=1)}, id="version first"),
        pytest.param({"occurred_at": FIRST + timedelta(seconds=1)}, {}, id="then the clock"),
        pytest.param({"leader": "phone-2"}, {"leader": "phone-1"}, id="then the leader"),
    ],
)
def test_of_two_titles_one_wins(wins: Row, loses: Row) -> None:
    first = make_event("first", "updatePhotoData", title="wins", **wins)
    second = make_event("second", "updatePhotoData", title="loses", **loses)
    photo = read_one(ADDED, first, second)
    assert photo is not None
    assert photo["title"] == "wins"


def test_a_clock_a_day_ahead_does_not_win_over_a_device_that_saw_its_edit() -> None:
    ahead = make_event("ahead", "updatePhotoData", version=2, title="old", occurred_at=FIRST + timedelta(days=1))
    saw_it = make_event("saw it", "updatePhotoData", version=3, title="new", occurred_at=FIRST + timedelta(hours=1))
    photo = read_one(ADDED, ahead, saw_it)
    assert photo is not None
    assert (photo["title"], photo["changed_at"]) == ("new", FIRST + timedelta(hours=1))


def test_an_edit_before_the_add_waits_for_it() -> None:
    edited = make_event("edited", "updatePhotoData", version=2, title="early")
    assert read_one(edited) is None
    photo = read_one(edited, ADDED)
    assert photo is not None
    assert (photo["title"], photo["version"], photo["added_at"]) == ("early", 2, FIRST)


def test_a_state_to_which_events_came_is_not_used_until_it_is_built_again() -> None:
    LAKE.clear()
    LAKE.publish([ADDED])
    today, tomorrow = date(2026, 1, 1), date(2026, 1, 2)
    LAKE.build_state(today)
    LAKE.publish([make_event("next", "updatePhotoData", occurred_at=FIRST + timedelta(days=1), title="next")])
    LAKE.build_state(tomorrow)
    assert LAKE.list_state_days() == [today, tomorrow]
    LAKE.publish([make_event("late", "updatePhotoData", camera_id=3, received_at=FIRST + timedelta(hours=23))])
    assert LAKE.list_state_days() == []
    assert LAKE.read_now()[1]["camera_id"] == 3
    LAKE.build_state(tomorrow)
    assert LAKE.list_state_days() == [tomorrow]
    assert LAKE.read_now()[1]["camera_id"] == 3
    LAKE.build_state(today)
    assert LAKE.list_state_days() == [today, tomorrow]


def test_few_events_make_no_new_state() -> None:
    LAKE.clear()
    LAKE.publish([{**ADDED, "event_id": f"e{n}", "photo_id": n} for n in range(1, 101)])
    LAKE.build_state(FIRST.date())
    later = FIRST + timedelta(days=1)
    LAKE.publish([make_event("few", "updatePhotoData", title="new", occurred_at=later)])
    LAKE.build_state(later.date())
    assert LAKE.list_state_days() == [FIRST.date()]
    assert LAKE.read_as_of(later)[1]["title"] == "new"
