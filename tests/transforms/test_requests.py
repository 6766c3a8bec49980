"""Access logs: by cases, by facts counted with other tools, by values that must come back, by naughty strings."""

import gzip
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.lines import DATA, SAMPLE, check_case, list_cases, load_naughty_strings, stage_lines


@pytest.mark.parametrize("case", list_cases("requests"), ids=lambda path: path.stem)
def test_cases(case: Path) -> None:
    check_case(case)


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    return json.loads((DATA / "access_logs" / "facts.json").read_text())["logs"][0]


@pytest.fixture(scope="module")
def elastic() -> list[dict[str, Any]]:
    staged = stage_lines("access_logs", (SAMPLE / "access_logs" / "elastic_apache.log.gz").read_bytes())
    assert staged.rejected["requests"] == [(8899, "the line matches no known access-log format")]
    return staged.good["requests"]


def test_one_line_of_the_real_log_is_cut_off(elastic: list[dict[str, Any]], facts: dict[str, Any]) -> None:
    assert len(elastic) == facts["lines_matching"] == 9999
    assert sorted(r["raw_line"] for r in elastic) == [n for n in range(1, 10_001) if n != 8899]


def test_top_paths_of_the_real_log(elastic: list[dict[str, Any]], facts: dict[str, Any]) -> None:
    raw = Counter(r["path"] + ("" if r["query"] is None else "?" + r["query"]) for r in elastic)
    assert rank_top(raw) == facts["top5_paths_raw"]
    assert len(raw) == facts["distinct_paths_raw"]
    paths = Counter(r["path"] for r in elastic)
    assert rank_top(paths) == facts["top5_paths_without_query"]
    images = sum(n for path, n in paths.items() if path.endswith((".jpg", ".jpeg", ".png", ".gif")))
    assert images == facts["image_requests(path w/o query ends .jpg/.jpeg/.png/.gif)"]


def test_counts_of_the_real_log(elastic: list[dict[str, Any]], facts: dict[str, Any]) -> None:
    hosts = Counter(r["client_host"] for r in elastic)
    assert rank_top(hosts) == facts["top5_hosts"]
    assert len(hosts) == facts["distinct_hosts_on_matching_lines"]
    assert Counter(str(r["status"]) for r in elastic) == facts["status_histogram"]
    assert Counter(r["method"] for r in elastic) == facts["method_histogram"]
    assert sum(r["response_bytes"] or 0 for r in elastic) == facts["bytes_sum(- counted as 0)"]
    assert sum(r["response_bytes"] is None for r in elastic) == facts["dash_bytes_lines"]


def test_times_of_the_real_log(elastic: list[dict[str, Any]], facts: dict[str, Any]) -> None:
    times = [r["requested_at"] for r in elastic]
    assert Counter(str(t.date()) for t in times) == facts["rows_per_utc_day"]
    assert f"{min(times).isoformat()}+00:00" == facts["min_utc"]
    assert f"{max(times).isoformat()}+00:00" == facts["max_utc"]
    hours = Counter(t.strftime("%Y-%m-%dT%H") for t in times)
    assert sorted(hours.values(), reverse=True)[:3] == [n for _, n in facts["rows_per_utc_hour_top3"]]


def rank_top(counts: Counter[str]) -> list[list[str | int]]:
    return [[value, n] for value, n in counts.most_common(5)]


def test_a_tab_separated_log_is_read_too() -> None:
    content = (DATA / "access_logs" / "nasa_19950701_10k.tsv.gz").read_bytes()
    staged = stage_lines("access_logs", content)
    lines = [line.split("\t") for line in gzip.decompress(content).decode().splitlines()[1:]]
    assert staged.rejected["requests"] == [(1, "the line is a header, not a request")]
    good = staged.good["requests"]
    assert [r["client_host"] for r in good] == [line[0] for line in lines]
    assert [r["requested_at"].replace(tzinfo=UTC).timestamp() for r in good] == [int(line[2]) for line in lines]
    assert Counter(r["status"] for r in good) == Counter(int(line[5]) for line in lines)
    assert sum(r["response_bytes"] or 0 for r in good) == sum(int(line[6]) for line in lines if line[6].isdigit())


def escape(text: str) -> str:
    """As Apache writes the text of a header."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


WORD = st.text(st.characters(codec="utf-8", exclude_characters='\n\r\0 "[]?\x01\x02\\'), min_size=1, max_size=12)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0\x01\x02"), max_size=20).map(escape)
MOMENT = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(lambda t: t.replace(microsecond=0))
ZONE = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
REQUEST = st.fixed_dictionaries(
    {
        "requested_at": MOMENT,
        "client_host": st.sampled_from(["10.0.0.1", "2001:db8::7", "fe80::1%eth0", "host.example", "localhost"]),
        "remote_user": st.none() | st.lists(WORD.filter(lambda w: w[0] != "-"), min_size=1, max_size=3).map(" ".join),
        "method": st.sampled_from(["GET", "POST", "PROPFIND", "M-SEARCH"]),
        "path": WORD.map(lambda w: "/" + w),
        "query": st.none() | WORD,
        "protocol": st.none() | st.sampled_from(["HTTP/1.0", "HTTP/1.1", "HTTP/3"]),
        "status": st.integers(0, 999),
        "response_bytes": st.none() | st.integers(0, 2**63 - 1),
        "referrer": st.none() | TEXT.filter(lambda t: t != "-"),
        "user_agent": st.none() | TEXT.filter(lambda t: t != "-"),
        "log_extra": st.none() | st.sampled_from(['rt=0.1 uct="0.2"', '"more" 17', "-"]),
        "virtual_host": st.none() | st.sampled_from(["site.example", "site.example:80", "10.0.0.1"]),
    }
)


def make_request(row: dict[str, Any], zone: timezone) -> str:
    stamp = row["requested_at"].replace(tzinfo=UTC).astimezone(zone).strftime("%d/%b/%Y:%H:%M:%S %z")
    shown = {name: "-" if value is None else value for name, value in row.items()}
    target = row["path"] + ("" if row["query"] is None else "?" + row["query"])
    request = f"{row['method']} {target}" + (f" {row['protocol']}" if row["protocol"] else "")
    line = '{client_host} - {remote_user} [{}] "{}" {status} {response_bytes} "{referrer}" "{user_agent}"'
    site = f"{row['virtual_host']} " if row["virtual_host"] else ""
    return site + line.format(stamp, request, **shown) + (f" {row['log_extra']}" if row["log_extra"] else "")


@given(st.lists(st.tuples(REQUEST, ZONE), min_size=1, max_size=20))
@settings(max_examples=30)
def test_what_was_logged_comes_back(requests: list[tuple[dict[str, Any], timezone]]) -> None:
    staged = stage_lines("access_logs", [make_request(row, zone) for row, zone in requests])
    assert staged.rejected["requests"] == []
    assert staged.good["requests"] == [row | {"raw_line": n} for n, (row, _) in enumerate(requests, 1)]


NAUGHTY_FORMS = {
    "path": '::1 - - [25/Jun/2020:02:49:12 +0000] "GET /{} HTTP/1.1" 200 5 "-" "-"',
    "referrer": '::1 - - [25/Jun/2020:02:49:12 +0000] "GET / HTTP/1.1" 200 5 "{}" "-"',
    "user_agent": '::1 - - [25/Jun/2020:02:49:12 +0000] "GET / HTTP/1.1" 200 5 "-" "{}"',
    "remote_user": '::1 - {} [25/Jun/2020:02:49:12 +0000] "GET / HTTP/1.1" 200 5 "-" "-"',
    "client_host": '{} - - [25/Jun/2020:02:49:12 +0000] "GET / HTTP/1.1" 200 5 "-" "-"',
    "log_extra": '::1 - - [25/Jun/2020:02:49:12 +0000] "GET / HTTP/1.1" 200 5 "-" "-" "{}"',
}


@pytest.mark.parametrize("column", NAUGHTY_FORMS)
def test_naughty_strings_come_back_or_are_rejected(column: str) -> None:
    texts = [escape(text) for text in load_naughty_strings()]
    staged = stage_lines("access_logs", [NAUGHTY_FORMS[column].format(text) for text in texts])
    good, rejected = staged.good["requests"], staged.rejected["requests"]
    assert len(good) + len(rejected) + count_unreadable(staged.records) == len(texts)
    for row in good:
        expected = texts[row["raw_line"] - 1]
        expected = expected.strip(" ") if column == "remote_user" else expected
        if column == "path":
            found = row["path"] + ("" if row["query"] is None else "?" + row["query"])
            assert found == "/" + expected
        elif column == "log_extra":
            assert row["log_extra"] == f'"{expected}"'
        else:
            assert (row[column] or ("-" if row[column] is None else "")) == expected
    if column in ("path", "referrer", "user_agent", "log_extra"):
        assert len(rejected) <= 2  # those that mix control characters and backslashes


def count_unreadable(records: Any) -> int:
    return len(records) - records["problem"].null_count


def test_the_short_form_has_the_days_of_its_objects() -> None:
    line = ["02:49:12 127.0.0.1 GET /img13.jpg 200"]
    for day in (date(2020, 2, 29), date(9999, 12, 31)):
        (row,) = stage_lines("access_logs", line, day).good["requests"]
        assert row["requested_at"] == datetime(day.year, day.month, day.day, 2, 49, 12)
