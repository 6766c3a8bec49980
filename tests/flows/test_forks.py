"""A second continuation of one beginning is refused with a sentence, and published by decision only."""

from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.decisions import ask, decide, follow
from tests.flows.logs import land, make_log
from tests.runs import begin
from watershed.cli import main as cli
from watershed.flows.ingest.land import take_arrivals
from watershed.flows.ingest.refuse import list_still_refused

pytestmark = pytest.mark.servers

ROWS = "SELECT count(*) FROM core.requests"


def test_a_second_continuation_is_refused_until_somebody_decides(
    lake: EmptyLake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = 3  # lines: a beginning below a kilobyte
    noon = land(tmp_path, make_log(begun))
    main("access_logs", "noon")
    heir = land(tmp_path, make_log(begun) + make_log(20, "/heir"))
    main("access_logs", "evening")
    log = tmp_path / "access.log"
    log.write_bytes(make_log(begun) + make_log(30, "/fork"))
    assert cli.main(["land", "access_logs", str(log)]) == 0
    told = capsys.readouterr().out
    assert f"will refuse it: access.log begins with all of access.log ({noon}), whose place access.log ({heir})" in told
    main("access_logs", "night")
    fork, sentence = list_still_refused("access_logs", "night").popitem()
    assert (ask(ROWS), sentence.count("count twice")) == ([(begun + 20,)], 1)
    land(tmp_path, make_log(begun) + make_log(5, "/another"), is_separate=True)
    follow(decide("accept", "access_logs", {"source": "access_logs", "objects": [fork]}), "accept-1")
    main("access_logs", "separate")
    assert ask(ROWS) == [(begun + 20 + begun + 30 + begun + 5,)]


def test_two_continuations_in_one_run(lake: EmptyLake, tmp_path: Path) -> None:
    """The longest one takes the place. Both are judged alike when the days are built anew."""
    for name, content in (
        ("a.log", make_log(50)),
        ("b.log", make_log(50) + make_log(20, "/b")),
        ("c.log", make_log(50) + make_log(30, "/c")),
        ("d.log", make_log(50) + make_log(30, "/c") + make_log(10, "/d")),
    ):
        land(tmp_path, content, name)
    main("access_logs", "one")
    assert ask("SELECT object_name FROM ledger.refusals") == [("b.log",)]
    assert ask(ROWS) == [(90,)]
    assert take_arrivals(begin("access_logs", "again"), refused=True)["objects"] == 1


def test_a_header_is_a_beginning_of_nothing(lake: EmptyLake, tmp_path: Path) -> None:
    """A file that is as yet a header alone had no rows that could count twice."""
    header = b"#Fields: date time c-ip cs-method cs-uri-stem sc-status\n"
    lines = [b"2026-11-%02d 10:00:%02d 10.0.0.1 GET /a 200\n" % (day, n) for day in (1, 2) for n in range(9)]
    land(tmp_path, header)
    main("access_logs", "header")
    for number in range(2):
        land(tmp_path, header + b"".join(lines[9 * number : 9 * number + 9]))
        main("access_logs", f"day-{number}")
    assert ask(ROWS) == [(18,)]
