"""Business rules of core.requests."""

from watershed.quality.known import EARLIEST, PETABYTE, Known
from watershed.quality.rules import Rules, expect_between, expect_one_of, expect_that

METHODS = (
    *("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"),
    *("PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK"),
)
# A CASE, so that the regular expression is evaluated for the few rows only that get so far.
PATH = r"""
    CASE
        WHEN starts_with(path, '/') OR path = '*' THEN true
        ELSE method IS NOT DISTINCT FROM 'CONNECT' OR regexp_matches(path, '^[A-Za-z][A-Za-z0-9+.-]*://')
    END
"""


def build_rules(known: Known) -> Rules:
    return [
        expect_between("requested_at", EARLIEST, known.latest, "requested_at is between 1990 and tomorrow"),
        expect_that("client_host", "client_host <> ''", "client_host is not empty"),
        # What clients ask for is theirs: it is worth a report, and no reason to lose the request.
        expect_that(
            "path",
            PATH,
            "path starts with a slash, or is *, a full address, or host and port of a CONNECT",
            severity="info",
        ),
        expect_one_of("method", METHODS, "method is one that HTTP or WebDAV defines", severity="info"),
        expect_that("protocol", "starts_with(protocol, 'HTTP/')", "protocol starts with HTTP/", severity="info"),
        expect_between("status", 100, 599, "status is between 100 and 599"),
        expect_between("response_bytes", 0, PETABYTE, "response_bytes is between 0 and 10^15, a petabyte"),
        expect_that("status", "status < 500", "status is below 500 in at least 90 % of the rows", mostly=0.9),
    ]
