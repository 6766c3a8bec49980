"""Comments on tables and columns: written once, shown as text, withdrawn by who may, and never forgotten."""

import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from tests.cockpit.conftest import Browse
from tests.empty_lake import EmptyLake
from tests.flows.decisions import ask
from watershed.cli.main import main
from watershed.cockpit.guards import Rights
from watershed.flows.decisions.comment import LONGEST, clean_text, withdraw_comment, write_comment

PAGE = "tables/core.requests"
HOSTILE = '</p><script>alert(1)</script><img src=x onerror=alert(2)> {{ 7 * 7 }} "quoted" \'; DROP TABLE x; --'


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  two\r\nlines\t! ", "two\nlines !"),
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("evil\u202etxt", "eviltxt"),
        *((joined, joined) for joined in ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "می\u200cخواهم")),
        ("x" * LONGEST, "x" * LONGEST),
    ],
)
def test_a_text_is_kept_as_far_as_it_can_be_read(text: str, kept: str) -> None:
    assert clean_text(text) == kept


@pytest.mark.parametrize(("text", "sentence"), [("", "needs a text"), (" \0\n", "needs a text"), ("x" * 2001, "2,001")])
def test_a_text_that_cannot_be_kept_is_told(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        clean_text(text)


@pytest.fixture
def client(module_lake: EmptyLake, browse: Browse) -> Iterator[TestClient]:
    yield browse()


def read_comments(client: TestClient) -> str:
    html = client.get(PAGE).text
    return html.partition('<h2 id="comments">')[2].partition("</section>")[0]


def send(client: TestClient, name: str, address: str = PAGE, **form: str) -> int:
    return client.post(f"{address}/{name}", data=form, follow_redirects=False).status_code


@pytest.mark.servers
def test_a_comment_is_text_and_written_once(client: TestClient) -> None:
    assert "Nobody has written anything." in read_comments(client)
    form = re.findall(r'name="comment_id" value="([0-9a-f]{16})"', read_comments(client))
    for _ in range(2):  # an impatient browser
        assert send(client, "comments", text=HOSTILE, column="path", comment_id=form[0]) == 303
    page = client.get(PAGE).text
    assert "<script>alert" not in page and "<img src=x" not in page and page.count("{{ 7 * 7 }}") == 1
    assert "&lt;script&gt;alert(1)" in page and 'href="#column-path"' in page and "1 comment</a>" in page
    assert ask("SELECT table_name, column_name, body, written_by FROM ledger.comments") == [
        ("core.requests", "path", HOSTILE, "ada")
    ]
    assert "comment on core.requests.path" in client.get("snapshots?kind=comment").text


@pytest.mark.servers
def test_what_cannot_be_written_is_told(client: TestClient) -> None:
    before = ask("SELECT count(*) FROM ledger.comments")
    assert send(client, "comments", text=" ") == 422
    assert send(client, "comments", text="x", column="nothing") == 404
    assert send(client, "comments", text="x", comment_id="' OR true") == 422
    assert send(client, "comments", "tables/core.nothings", text="x") == 404
    assert send(client, "comments/withdraw", comment_id="0" * 16) == 404
    assert ask("SELECT count(*) FROM ledger.comments") == before


@pytest.mark.servers
def test_who_wrote_it_or_an_administrator_withdraws_it(module_lake: EmptyLake, browse: Browse) -> None:
    actor, viewer, administrator = browse(Rights(act=True)), browse(Rights()), browse(Rights(True, True))
    bobs = write_comment("core.requests", None, "Half of it is the health check.", "bob")
    own = write_comment("core.requests", "status", "499 is the proxy's", "ada")
    assert "Half of it" in read_comments(viewer) and "<form" not in read_comments(viewer)
    assert read_comments(actor).count("/comments/withdraw") == 2  # ada's two, not bob's
    assert send(actor, "comments/withdraw", comment_id=bobs) == 403
    assert "Half of it" in read_comments(actor)
    assert send(actor, "comments/withdraw", comment_id=own) == 303
    for _ in range(2):
        assert send(administrator, "comments/withdraw", comment_id=bobs) == 303
    told = read_comments(viewer)
    assert "Half of it" not in told and "2 withdrawn" in told and "of bob" in told and "withdrawn by ada" in told
    assert ask(f"SELECT count(*), count(body) FROM ledger.comments WHERE comment_id = '{bobs}'") == [(2, 1)]


@pytest.mark.servers
def test_the_command_shows_what_holds(module_lake: EmptyLake, capsys: pytest.CaptureFixture[str]) -> None:
    withdrawn = write_comment("core.users", None, "a mistake", "bob")
    withdraw_comment(withdrawn, "bob")
    write_comment("core.users", "country", "null before 2020", "bob")
    assert main(["tables", "core.users"]) == 0
    told = capsys.readouterr().out
    assert "null before 2020" in told and "a mistake" not in told and "accounts: accounts@" in told
