"""Whoever is on call, in tests: a webhook and a mail server that note what they hear, and a monitor without a clock."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from pytest import MonkeyPatch

from watershed.monitoring.alert_state import AlertBook
from watershed.monitoring.otlp import Otlp
from watershed.monitoring.watcher import Watcher
from watershed.stack.home import find_free_port
from watershed.warehouse.ledger.history import utc_now


@dataclass
class Desk:
    """What was told. `is_away`: the webhook answers with an error. `health`: what the same server answers to GET, as
    Airflow's would."""

    posts: list[dict[str, Any]] = field(default_factory=list)
    mails: list[Any] = field(default_factory=list)
    is_away: bool = False
    health: dict[str, Any] = field(default_factory=dict)
    url: str = ""

    def heard(self, rule: str, subject: str | None = None) -> list[str]:
        """The states of an alert that the webhook was told of; the mail server was told of the same."""
        posts = [one for one in self.posts if one["rule"] == rule and subject in (None, one["subject"])]
        subjects = Counter(
            f"[{'firing' if p['state'] == 'firing' else 'over'}] {p['rule']} {p['subject']}" for p in posts
        )
        mailed = Counter(str(mail["Subject"]) for mail in self.mails if str(mail["Subject"]) in subjects)
        assert mailed == subjects
        return [one["state"] for one in posts]


class Webhook(BaseHTTPRequestHandler):
    """Notes what is posted at the desk of its server."""

    server: "WebhookServer"

    def do_POST(self) -> None:
        desk, body = self.server.desk, json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not desk.is_away:
            desk.posts.append(body | {"key": self.headers["Idempotency-Key"]})
        self.answer(503 if desk.is_away else 200, b"")

    def do_GET(self) -> None:
        self.answer(200, json.dumps(self.server.desk.health).encode())

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class WebhookServer(ThreadingHTTPServer):
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        super().__init__(("127.0.0.1", 0), Webhook)


class Inbox(Message):
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        super().__init__()

    def handle_message(self, message: Any) -> None:
        self.desk.mails.append(message)


@contextmanager
def open_desk(monkeypatch: MonkeyPatch) -> Iterator[Desk]:
    """A desk that the settings name."""
    desk = Desk()
    webhook = WebhookServer(desk)
    Thread(target=webhook.serve_forever, daemon=True).start()
    mail = Controller(Inbox(desk), hostname="127.0.0.1", port=find_free_port([], set()))
    mail.start()
    desk.url = f"http://127.0.0.1:{webhook.server_port}"
    monkeypatch.setenv("WATERSHED_ALERT_WEBHOOK", f"{desk.url}/hook")
    monkeypatch.setenv("WATERSHED_ALERT_SMTP", f"smtp://127.0.0.1:{mail.port}")
    monkeypatch.setenv("WATERSHED_ALERT_FROM", "watershed@example.org")
    monkeypatch.setenv("WATERSHED_ALERT_TO", "ann@example.org, bob@example.org")
    monkeypatch.setenv("WATERSHED_AIRFLOW_URL", desk.url)
    try:
        yield desk
    finally:
        mail.stop()
        webhook.shutdown()
        webhook.server_close()


class Watch:
    """A monitor that looks when it is told to, at any time from now on."""

    def __init__(self) -> None:
        self.otlp = Otlp()
        self.watcher = Watcher(self.otlp)
        self.lines: list[str] = []
        self.book = AlertBook(self.lines.append)

    def look(self, **later: float) -> datetime:
        """Two looks: whatever is told, is told by the first, and the second has nothing to add."""
        now = utc_now() + timedelta(**later)
        for _ in range(2):
            self.watcher.arrivals.looked.clear()  # files are looked for once a minute otherwise
            self.book.judge(self.watcher.read(now))
        return now
