"""Access logs of several forms through the whole protocol: days, books and traces."""

from pathlib import Path

import pytest

from tests.empty_lake import EmptyLake
from tests.faults.runner import main
from watershed.flows.ingest.land import find_arrivals, land_file
from watershed.warehouse.connection import connect

pytestmark = pytest.mark.servers

EXTENDED = """\
#Software: Microsoft Internet Information Services 6.0
#Date: 2020-06-25 00:00:00
#Fields: time c-ip cs-method cs-uri-stem sc-status time-taken
15:21:56 192.0.2.10 GET /default.htm 200 156
15:21:57 192.0.2.10 GET /default.htm 200
#Fields: date time cs-host c-ip cs-method cs-uri-stem cs-uri-query sc-status
2020-06-26 15:21:58 a.example 192.0.2.11 GET /next.htm q=1 404

"""
SITES = """\
site.example:80 10.0.0.1 - Jane Roe [25/Jun/2020:02:49:12 +0000] "GET login.cgi HTTP/1.1" 400 5
"10.0.0.1 - - [25/Jun/2020:02:49:12 +0000] ""OPTIONS sip:nm SIP/2.0"" 400 5"\r
"""
ROWS = """
    SELECT raw_line, strftime(requested_at, '%d %H:%M:%S'), client_host, path, query, status, virtual_host, log_extra
    FROM core.requests WHERE raw_object = ? ORDER BY raw_line
"""


def test_logs_of_two_servers(lake: EmptyLake, tmp_path: Path) -> None:
    files = {"ex200625.log": EXTENDED, "sites.csv": SITES, "comments.log": "# nothing\n#Fields: time c-ip sc-status\n"}
    keys = {}
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.encode())
        keys[name] = land_file("access_logs", tmp_path / name).key
    main("access_logs", "run")
    con = connect()
    assert con.execute(ROWS, [keys["ex200625.log"]]).fetchall() == [
        (4, "25 15:21:56", "192.0.2.10", "/default.htm", None, 200, None, "time-taken=156"),
        (7, "26 15:21:58", "192.0.2.11", "/next.htm", "q=1", 404, "a.example", None),
    ]
    assert con.execute(ROWS, [keys["sites.csv"]]).fetchall() == [
        (1, "25 02:49:12", "10.0.0.1", "login.cgi", None, 400, "site.example:80", None),
        (2, "25 02:49:12", "10.0.0.1", "sip:nm", None, 400, None, None),
    ]
    quarantined = con.execute("SELECT raw_line, reason FROM quarantine.requests").fetchall()
    assert quarantined == [(5, "the line has more or fewer fields than its #Fields: names")]
    counts = "rows_read, rows_written, rows_quarantined, rows_filtered"
    books = f"SELECT object_name, {counts} FROM ledger.books ORDER BY ALL"
    assert con.execute(books).fetchall() == [
        *[("comments.log", 2, 0, 0, 2), ("ex200625.log", 8, 2, 1, 5), ("sites.csv", 2, 2, 0, 0)],
    ]
    assert find_arrivals("access_logs") == []
