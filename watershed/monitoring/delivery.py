"""How people are told: a webhook that gets JSON, and e-mail. Which of them there are, the settings say."""

import json
import smtplib
import ssl
import urllib.request
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from watershed.errors import InvalidInput
from watershed.monitoring.owners import find_concerned
from watershed.monitoring.rules import RULES
from watershed.settings import read_setting
from watershed.warehouse.alerts import FIRING, Alert

ANSWER_S = 10.0

Tell = Callable[[Alert], None]


def list_channels() -> dict[str, Tell]:
    """The channels that the settings name. Each tells one alert, or raises OSError, SMTPException or InvalidInput."""
    channels: dict[str, Tell] = {}
    if url := read_setting("alert_webhook", ""):
        channels["webhook"] = lambda alert: post_alert(url, alert)
    if server := read_setting("alert_smtp", ""):
        sender, people = read_setting("alert_from"), read_setting("alert_to")
        channels["e-mail"] = lambda alert: mail_alert(server, sender, people, alert)
    return channels


def describe(alert: Alert) -> dict[str, str]:
    """What a receiver gets. `text` is the whole of it in one sentence, the field that chat programs show."""
    rule, runbook, owner = RULES.get(alert.rule), runbook_address(alert.rule), find_concerned(alert.subject)
    concerned = f"; {owner.name} owns it: {owner.contact}" if owner else ""
    return {
        "alert_id": alert.alert_id,
        "rule": alert.rule,
        "severity": rule.severity if rule else "soon",
        "subject": alert.subject,
        "state": alert.state,
        "sentence": alert.sentence,
        "changed_at": f"{alert.changed_at.isoformat(timespec='seconds')}Z",
        "runbook": runbook,
        "owner": owner.name if owner else "",
        "contact": owner.contact if owner else "",
        "text": f"{format_title(alert)}: {alert.sentence} ({runbook}{concerned})",
    }


def format_title(alert: Alert) -> str:
    return f"[{alert.state if alert.state == FIRING else 'over'}] {alert.rule} {alert.subject}"


def runbook_address(rule: str) -> str:
    """Where it says what to do: the page of the setting, else the cockpit's, which shows the same text."""
    page = read_setting("runbook_url", "") or f"{read_setting('airflow_url', '')}/watershed/health"
    return f"{page}#{rule}"


def post_alert(url: str, alert: Alert) -> None:
    """The same alert and state twice, after a crash between telling and noting it, has the same key; told again after a
    snooze it has another."""
    key = f"{alert.alert_id}-{alert.state}-{alert.changed_at:%Y%m%dT%H%M%S}"
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    request = urllib.request.Request(url, json.dumps(describe(alert)).encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=ANSWER_S):
        pass


def mail_alert(server: str, sender: str, people: str, alert: Alert) -> None:
    """`server` is `smtp://user:password@host:port`, encrypted where it offers that, or `smtps://`, always encrypted."""
    url = urlsplit(server)
    if url.scheme not in ("smtp", "smtps") or not url.hostname:
        raise InvalidInput("WATERSHED_ALERT_SMTP is not an address such as smtp://user:password@host:587")
    with open_smtp(url.scheme, url.hostname, url.port or 0) as client:
        if url.scheme == "smtp" and client.ehlo()[0] == 250 and client.has_extn("starttls"):
            client.starttls(context=ssl.create_default_context())
        elif url.scheme == "smtp" and url.password:
            raise InvalidInput(
                f"{url.hostname} offers no encryption, so the password of WATERSHED_ALERT_SMTP stays here"
            )
        if url.username:
            client.login(unquote(url.username), unquote(url.password or ""))
        client.send_message(compose_mail(sender, people, alert))


def open_smtp(scheme: str, host: str, port: int) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=ANSWER_S, context=ssl.create_default_context())
    return smtplib.SMTP(host, port, timeout=ANSWER_S)


def compose_mail(sender: str, people: str, alert: Alert) -> EmailMessage:
    mail, about = EmailMessage(), describe(alert)
    mail["From"], mail["To"], mail["Subject"] = sender, people, format_title(alert)
    first = f"<{alert.alert_id}.{FIRING}@watershed>"
    mail["Message-ID"] = f"<{alert.alert_id}.{alert.state}@watershed>"
    if alert.state != FIRING:
        mail["In-Reply-To"] = mail["References"] = first
    mail.set_content("\n\n".join(list_lines(about)))
    return mail


def list_lines(about: dict[str, str]) -> Iterator[str]:
    yield about["sentence"]
    yield f"{about['state']} since {about['changed_at']}, {about['severity']}"
    yield f"What to do: {about['runbook']}"
    if about["owner"]:
        yield f"{about['owner']} owns it: {about['contact']}"
