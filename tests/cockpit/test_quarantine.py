"""The pages about quarantine, and the decisions that people make on them."""

import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from tests.cockpit.conftest import forget_other_lakes
from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from tests.flows.decisions import ask, follow, write_log
from watershed.cockpit.app import make_app
from watershed.cockpit.guards import Guards, Rights
from watershed.flows.decisions.apply_decision import carry_out
from watershed.flows.ingest.land import land_file

pytestmark = pytest.mark.servers

UNKNOWN = "the line matches no known access-log format"
NO_FORM = {"table": "requests", "source": "access_logs", "rule": "parse", "reason": UNKNOWN}


@pytest.fixture(scope="module")
def pages(module_lake: EmptyLake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The pages as Anna sees them, who may do everything, over a lake with bad rows and a refused object."""
    folder = tmp_path_factory.mktemp("logs")
    land_file("access_logs", write_log(folder / "first", 1, bad=25))
    main("access_logs", "one")
    land_file("access_logs", write_log(folder / "late", 2))
    land_file("access_logs", write_log(folder / "refused", 3, good=100, bad=1500))
    noise = folder / "noise.log.xz"
    noise.write_bytes(b"\xfd7zXZ\x00" + bytes(100))
    land_file("access_logs", noise)
    main("access_logs", "two")
    forget_other_lakes()
    anybody = Guards(lambda: "anna", lambda: "anna", lambda: "anna", lambda: Rights(act=True, administer=True))
    with TestClient(make_app(anybody)) as client:
        yield client


def read_form(page: str, action: str) -> dict[str, str]:
    """The hidden fields of a form, as a browser would send them."""
    form = page[page.index(f'hx-post="{action}"') :]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form[: form.index("</form>")]))


def test_overview_counts_rows_and_names_refused_objects(pages: TestClient) -> None:
    page = pages.get("/quarantine").text
    assert re.search(r'quarantine/requests">requests</a></th>\s+<td class="num">25</td>', page)
    assert "1,500 of 1,600 rows of refused-2026-11-03.log are bad for core.requests" in page
    assert "Nobody has decided anything yet" in page
    assert "Why rows of refused-2026-11-03.log are bad" in page
    assert re.search(r"parse</td><td>core.requests</td><td class=\"num\">1,?500</td>", page)
    assert page.count("line=xx xxxx xx xxxxxxx") == 5
    assert "noise.log.xz is an xz file, which is not read" in page
    assert page.count(">Publish anyway<") == 1  # not of what cannot be read


def test_reasons_come_with_masked_samples_and_their_lines(pages: TestClient) -> None:
    page = pages.get("/quarantine/core.requests").text
    assert "25 rows" in page
    assert "xx xxxx xx xxxxx" in page and "no line of first" not in page
    assert page.count("/raw?object=") == 20
    chosen = {name: value for name, value in NO_FORM.items() if name != "table"}
    assert pages.get("/quarantine/requests", params=chosen | {"page": 2}).text.count("/raw?object=") == 5
    assert "No row is in quarantine for this reason" in pages.get("/quarantine/requests?rule=unheard").text
    assert pages.get("/quarantine/nothing").status_code == 404
    assert "its checks block" in pages.get("/quarantine/ml.models").text


def test_decision_needs_a_reason(pages: TestClient) -> None:
    form = read_form(pages.get("/quarantine/requests").text, "/quarantine/decisions")
    refused = pages.post("/quarantine/decisions", data=form | {"kind": "drop", "why": " "})
    assert refused.status_code == 422
    assert "say why" in refused.text
    assert pages.post("/quarantine/decisions", data=form | {"kind": "burn", "why": "x"}).status_code == 422
    assert ask("SELECT count(*) FROM ledger.decisions") == [(0,)]


def test_drop_is_recorded_started_and_told(pages: TestClient) -> None:
    form = read_form(pages.get("/quarantine/requests").text, "/quarantine/decisions")
    answer = pages.post("/quarantine/decisions", data=form | {"kind": "drop", "why": "scanners"}).text
    assert 'data-trigger-dag="carry_out_decisions"' in answer
    ((decision, kind, by),) = ask("SELECT decision_id, kind, decided_by FROM ledger.decisions")
    assert (kind, by) == ("drop", "anna")
    assert decision in answer
    listed = pages.get("/quarantine/decisions", headers={"HX-Request": "true"}).text
    assert "not carried out" in listed and "scanners" in listed
    carry_out(decision, "drop-1")
    listed = pages.get("/quarantine/decisions", params={"subject": "quarantine.requests"}).text
    assert "25 rows left the quarantine" in listed
    assert "No row of core.requests is in quarantine" in pages.get("/quarantine/requests").text


def test_refused_object_is_accepted(pages: TestClient) -> None:
    refused = pages.get("/quarantine").text.partition("of refused-2026-11-03.log are bad for core.requests")[2]
    form = read_form(refused, "/quarantine/refusals")
    assert "stay refused" in pages.post("/quarantine/refusals", data=form | {"kind": "leave", "why": "ask Ben"}).text
    assert "left refused by anna" in pages.get("/quarantine").text
    answer = pages.post("/quarantine/refusals", data=form | {"kind": "accept", "why": "Ben says it is right"}).text
    assert 'data-trigger-dag="carry_out_decisions"' in answer
    ((decision,),) = ask("SELECT decision_id FROM ledger.decisions WHERE kind = 'accept'")
    follow(decision, "accept-1")
    page = pages.get("/quarantine/decisions").text
    assert "100 rows published, 1,500 in quarantine" in page
    assert "refused-2026-11-03.log" not in pages.get("/quarantine").text.partition("Decisions")[0]


def test_rollback_is_decided_by_an_administrator(pages: TestClient) -> None:
    first = ask("SELECT min(snapshot_id) FROM ledger.publishes")[0][0]
    form = {"table": "core.requests", "snapshot": first, "reason": "the late log is a copy"}
    assert "follows when they go back" in pages.post("/snapshots/rollback", data=form | {"table": "mart.films"}).text
    assert pages.post("/snapshots/rollback", data=form | {"snapshot": 99_999}).status_code == 404
    assert 'data-trigger-dag="carry_out_decisions"' in pages.post("/snapshots/rollback", data=form).text
    ((decision,),) = ask("SELECT decision_id FROM ledger.decisions WHERE kind = 'rollback'")
    carry_out(decision, "back")
    assert ask("SELECT DISTINCT path FROM core.requests") == [("/first",)]
    assert f"to snapshot {first}" in pages.get("/quarantine/decisions", params={"subject": "core.requests"}).text
