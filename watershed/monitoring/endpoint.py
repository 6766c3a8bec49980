"""Where others ask and tell: `GET /metrics` for Prometheus, `POST /v1/metrics` for whoever sends OTLP, and `GET /state`
for our own pages, with the token of WATERSHED_MONITOR_TOKEN.


Figures show no data: names of tables, streams and DAGs. With a token, only who sends it is answered, since whoever may
send figures may raise an alert, or hide one; without, the network has to keep others away. The state has sentences,
which may quote what was found, so without a token nobody is told it.
"""

import gzip
import hmac
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from google.protobuf.message import DecodeError
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from watershed.errors import InvalidInput
from watershed.monitoring.otlp import Otlp

MOST_BYTES = 16 << 20


class Endpoint(ThreadingHTTPServer):
    """Serves in threads of its own until `shutdown`."""

    daemon_threads = True

    def __init__(
        self,
        address: tuple[str, int],
        figures: Collector,
        otlp: Otlp,
        token: str = "",
        encode_state: Callable[[], bytes | None] = lambda: None,
    ) -> None:
        self.encode_state = encode_state
        self.registry = CollectorRegistry()
        self.registry.register(figures)
        self.otlp = otlp
        self.token = token
        super().__init__(address, Handler)

    def start(self) -> None:
        Thread(target=self.serve_forever, name="endpoint", daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Endpoint
    timeout = 30

    def do_GET(self) -> None:
        if not self.is_known():
            return
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self.answer(200, generate_latest(self.server.registry), CONTENT_TYPE_LATEST)
        elif path != "/state":
            self.answer(404, b"ask for /metrics\n")
        elif not self.server.token:
            self.answer(403, b"set WATERSHED_MONITOR_TOKEN: without it nobody is told\n")
        elif (state := self.server.encode_state()) is None:
            self.answer(503, b"the first look is not over yet\n")
        else:
            self.answer(200, state, "application/json")

    def do_POST(self) -> None:
        if not self.is_known():
            return
        length = int(self.headers.get("Content-Length", 0))
        if self.path != "/v1/metrics" or length > MOST_BYTES:
            self.answer(404 if length <= MOST_BYTES else 413, b"send OTLP metrics to /v1/metrics\n")
            return
        body = self.rfile.read(length)
        try:
            self.server.otlp.take(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
        except (DecodeError, OSError, EOFError) as error:
            self.answer(400, f"no OTLP request in protobuf: {error}\n".encode())
            return
        self.answer(200, b"", "application/x-protobuf")

    def is_known(self) -> bool:
        """Whether the token was sent, or none is asked for; else the answer is given."""
        wanted, sent = f"Bearer {self.server.token}", self.headers.get("Authorization", "")
        if not self.server.token or hmac.compare_digest(sent.encode(), wanted.encode()):
            return True
        self.answer(401, b"send the token of WATERSHED_MONITOR_TOKEN: Authorization: Bearer ...\n")
        return False

    def answer(self, status: int, body: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not worth a line each."""


def split_address(text: str) -> tuple[str, int]:
    """`host:port`. Raises InvalidInput."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise InvalidInput(f"{text!r} is not an address such as host:9464: mend WATERSHED_MONITOR_LISTEN")
    return host.strip("[]"), int(port)
