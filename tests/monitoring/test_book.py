"""Who is told, and when: receivers that are away, monitors that end, monitors that are several."""

import json
from datetime import timedelta

import pytest

from tests.flows.messages import ask, expect
from tests.monitoring.desk import Desk, Watch
from watershed.monitoring.delivery import mail_alert
from watershed.monitoring.monitor import Leadership
from watershed.monitoring.snoozes import snooze
from watershed.warehouse.alerts import Alert, make_alert, raise_alert
from watershed.warehouse.ledger.history import utc_now

pytestmark = pytest.mark.servers

STATES = "SELECT state, delivered_at IS NOT NULL FROM ledger.alerts WHERE subject = ? ORDER BY snapshot_id"


def test_a_webhook_that_was_away_is_told_later(watch: Watch, desk: Desk) -> None:
    """And mail, which was not away, is not sent again."""
    desk.is_away = True
    raise_alert("deadline_missed", "away", "a run takes long")
    watch.look()
    assert (len(desk.posts), len(desk.mails)) == (0, 1)
    desk.is_away = False
    watch.look()
    assert (len(desk.posts), len(desk.mails)) == (1, 1)
    assert ask(STATES, "away") == [("firing", False), ("firing", True)]
    post, mail = desk.posts[0], desk.mails[0]
    assert post["key"].startswith(f"{post['alert_id']}-firing-20")
    assert post["text"].startswith("[firing] deadline_missed away: a run takes long (")
    assert (mail["To"], mail["From"]) == ("ann@example.org, bob@example.org", "watershed@example.org")
    assert post["runbook"] in mail.get_payload()
    assert post["owner"] == post["contact"] == "" and "owns it" not in mail.get_payload()


def test_another_monitor_knows_what_was_told(watch: Watch, desk: Desk) -> None:
    """The next leader does not tell it again, and tells that it is over."""
    raise_alert("deadline_missed", "heir", "a run takes long")
    watch.look()
    heir = Watch()
    heir.look()
    assert desk.heard("deadline_missed", "heir") == ["firing"]
    heir.look(days=2)
    assert desk.heard("deadline_missed", "heir") == ["firing", "resolved"]
    (over,) = [mail for mail in desk.mails if mail["Subject"] == "[over] deadline_missed heir"]
    assert over["In-Reply-To"] == over["Message-ID"].replace("resolved", "firing")


def test_without_receivers_alerts_are_rows(watch: Watch, desk: Desk) -> None:
    watch.book.channels = {}
    raise_alert("deadline_missed", "unheard", "a run takes long")
    watch.look()
    watch.look(days=2)
    assert desk.posts == []
    assert ask(STATES, "unheard") == [("firing", False), ("resolved", False)]
    assert json.loads(json.dumps(watch.lines))[-1].startswith("resolved: deadline_missed")


def test_one_monitor_leads(watch: Watch) -> None:
    first, second = Leadership(), Leadership()
    assert (first.ask(), second.ask(), first.ask()) == (True, False, True)
    assert first.session is not None
    first.session.close()
    expect(second.ask)
    assert (first.ask(), second.ask()) == (False, True)


def test_who_cannot_ask_stays_what_it_was(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody has to tell that the catalogue is away, also a monitor that starts meanwhile."""
    leader, other = Leadership(), Leadership()
    assert (leader.ask(), other.ask()) == (True, False)
    monkeypatch.setenv("WATERSHED_CATALOG_URL", "postgresql://nobody:nothing@127.0.0.1:1/none")
    for one in (leader, other):
        assert one.session is not None
        one.session.close()
    assert (leader.ask(), other.ask(), Leadership().ask()) == (True, False, True)


def test_a_password_is_not_sent_in_the_clear(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from watershed.settings import read_setting

    server = read_setting("alert_smtp").replace("smtp://", "smtp://ann:secret@")
    alert: Alert = make_alert("runs_failing", "x", "y")
    with pytest.raises(ValueError, match="offers no encryption"):
        mail_alert(server, "a@example.org", "b@example.org", alert)
    with pytest.raises(ValueError, match="is not an address"):
        mail_alert("mail.example.org", "a@example.org", "b@example.org", alert)
    assert desk.mails == []


def test_a_snoozed_alert_is_told_when_its_snooze_is_over(watch: Watch, desk: Desk) -> None:
    """One that was told before is told again, one that was not is told then; what is over meanwhile is told at once."""
    raise_alert("deadline_missed", "early", "a run takes long")
    watch.look()
    snooze("deadline_missed", "", utc_now() + timedelta(hours=2), "a load test", "ann")
    raise_alert("deadline_missed", "later", "a run takes long")
    watch.look(hours=1)
    assert (desk.heard("deadline_missed", "early"), desk.heard("deadline_missed", "later")) == (["firing"], [])
    assert {one.is_snoozed for one in watch.book.list_firing()} == {True}
    watch.look(hours=3)
    assert desk.heard("deadline_missed", "early") == ["firing", "firing"]
    assert desk.heard("deadline_missed", "later") == ["firing"]
    assert len({post["key"] for post in desk.posts}) == 3
    snooze("deadline_missed", "early", utc_now() + timedelta(hours=9), "again", "ann")
    watch.look(hours=4)
    snooze("deadline_missed", "early", utc_now(), "ended by hand", "ann")
    watch.look(hours=5)
    assert desk.heard("deadline_missed", "early") == ["firing", "firing", "firing"]
    watch.look(days=2)
    assert desk.heard("deadline_missed", "early")[-1] == "resolved"


@pytest.mark.parametrize(
    ("rule", "hours", "reason", "why"),
    [
        ("no_such_rule", 1, "x", "there is no alert rule 'no_such_rule'; there are "),
        ("lag_growing", 1, "  ", "needs a reason"),
        ("lag_growing", 24 * 40, "x", "ends within 30 days"),
    ],
)
def test_a_snooze_is_refused_with_a_sentence(rule: str, hours: int, reason: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        snooze(rule, "", utc_now() + timedelta(hours=hours), reason, "ann")
