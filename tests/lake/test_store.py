"""Raw objects are written once, named by their content."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from io import BytesIO

import pytest

from tests.empty_lake import EmptyLake
from watershed.lake.store import Landing, hash_content, open_store

pytestmark = pytest.mark.servers


def test_same_content_is_one_object(lake: EmptyLake) -> None:
    store = open_store()
    first = store.put_once("access_logs", BytesIO(b"a line\n"), "one.log")
    second = store.put_once("access_logs", BytesIO(b"a line\n"), "two.log")
    assert (first.is_new, second.is_new, second.key, second.name) == (True, False, first.key, "one.log")
    assert list(store.list_raw("access_logs")) == [first.key]


def test_same_lines_of_another_day_are_another_object(lake: EmptyLake) -> None:
    store = open_store()
    digest = hash_content(BytesIO(b"x"))
    days = (date(2026, 11, 1), date(2026, 11, 2))
    keys = {store.put_once("access_logs", BytesIO(b"x"), Landing("a.log", digest, day)).key for day in days}
    assert len(keys) == 2
    assert {store.head(key).day for key in keys} == {date(2026, 11, 1), date(2026, 11, 2)}


def test_racing_producers_make_one_object(lake: EmptyLake) -> None:
    store = open_store()
    content = bytes(range(256)) * 40_000
    with ThreadPoolExecutor(8) as pool:
        landed = list(pool.map(lambda n: store.put_once("access_logs", BytesIO(content), f"{n}.log"), range(8)))
    assert len({one.key for one in landed}) == 1
    assert store.open(landed[0].key).read() == content


@pytest.mark.parametrize("name", ["täglich.log", "日誌 1.log", 'quote".log', "back\\slash.log"])
def test_names_survive(lake: EmptyLake, name: str) -> None:
    store = open_store()
    assert store.head(store.put_once("access_logs", BytesIO(name.encode()), name).key).name == name


def test_missing_object_is_one_sentence(lake: EmptyLake) -> None:
    with pytest.raises(LookupError, match="there is no object raw/access_logs/nothing in the bucket"):
        open_store().head("raw/access_logs/nothing")
