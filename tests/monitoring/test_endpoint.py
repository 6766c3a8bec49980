"""Who is answered by the monitor's endpoint."""

from collections.abc import Iterator

import httpx
import pytest
from prometheus_client import PlatformCollector

from watershed.monitoring.endpoint import Endpoint
from watershed.monitoring.otlp import Otlp

ASKED = (("GET", "/metrics"), ("POST", "/v1/metrics"), ("GET", "/nowhere"), ("POST", "/nowhere"))


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    server = Endpoint(("127.0.0.1", 0), PlatformCollector(registry=None), Otlp(), token=request.param)
    server.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("server", ["kept"], indirect=True)
@pytest.mark.parametrize("sent", [None, "", "kept", "Bearer", "Bearer Kept", "Bearer kept2", "Basic kept", "Bearer ü"])
def test_without_the_token_nobody_is_answered(server: str, sent: str | None) -> None:
    headers = {} if sent is None else {"Authorization": sent.encode()}
    assert {httpx.request(method, server + path, headers=headers).status_code for method, path in ASKED} == {401}


@pytest.mark.parametrize(("server", "sent"), [("kept", "Bearer kept"), ("", "")], indirect=["server"])
def test_with_it_or_where_none_is_set_everybody_is(server: str, sent: str) -> None:
    headers = {"Authorization": sent}
    answers = [httpx.request(method, server + path, headers=headers).status_code for method, path in ASKED]
    assert answers == [200, 200, 404, 404]
