"""What every answer carries, and which requests may change something at all.

The pages are reached with a cookie. Airflow's is SameSite=lax; beside that, a request that changes something must come
from one of our own pages, as browsers tell by `Sec-Fetch-Site`, older ones by `Origin`. A program that sends neither
has no cookie that it did not fetch itself.
"""

from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

READING = ("GET", "HEAD", "OPTIONS")
# Styles inline: charts and the editor set them. Scripts never.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
CARRIED = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
}


class SafeResponses:
    """ASGI middleware: refuses what other sites make a browser send, adds the headers above to the rest."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] not in READING and is_foreign(Headers(scope=scope)):
            sentence = "This request comes from another site: open the page in Airflow and try again"
            return await PlainTextResponse(sentence, 403, CARRIED)(scope, receive, send)

        async def send_safely(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in CARRIED.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, send_safely)
        return None


def is_foreign(headers: Headers) -> bool:
    if site := headers.get("sec-fetch-site"):
        return site != "same-origin"
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")
