"""Whom an alert concerns, by what it is about."""

import pytest

from watershed.monitoring.delivery import compose_mail, describe
from watershed.monitoring.owners import find_concerned
from watershed.warehouse.alerts import make_alert


@pytest.mark.parametrize(
    ("subject", "owner"),
    [
        ("core.requests", "web-platform"),
        ("mart.top_pages", "web-platform"),
        ("speed.ratings", "streaming"),
        ("serve.ratings", "streaming"),
        ("access_logs", "web-platform"),
        ("watch_events", "streaming"),  # a stream
        ("ingest_accounts", "accounts"),  # a DAG
        ("object store", None),
        ("", None),
        ("ingest_nothing", None),
    ],
)
def test_the_owner_of_what_an_alert_is_about(subject: str, owner: str | None) -> None:
    found = find_concerned(subject)
    assert (found.name if found else None) == owner


def test_an_alert_says_how_to_reach_them() -> None:
    alert = make_alert("quarantine_high", "core.requests", "many rows are bad")
    told = describe(alert)
    assert told["owner"] == "web-platform" and "web-platform@" in told["contact"] and "on call https://" in told["text"]
    assert f"web-platform owns it: {told['contact']}" in compose_mail("a@x.example", "b@x.example", alert).get_content()
    nobodys = describe(make_alert("lake_unreadable", "lake", "it is away"))
    assert nobodys["owner"] == nobodys["contact"] == "" and "owns it" not in nobodys["text"]
