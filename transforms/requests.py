r"""Requests in access logs, in any of these forms:

    02:49:12 127.0.0.1 GET /img13.jpg 200                                                    short
    127.0.0.1 - - [25/Jun/2020:02:49:12 +0200] "GET /img13.jpg HTTP/1.1" 200 1834            Apache's (apache_lines)
    unicomp6.unicomp.net\t-\t804571206\tGET\t/shuttle/countdown/\t200\t3985                  tabbed
    2020-06-25 02:49:12 127.0.0.1 GET /img13.jpg 200                                         W3C's (extended_lines)

A record of any form may be in one more pair of quotes, as exports and CSV files have it, and end in stray CRs. What the
client asked for is not a reason to reject a line: scanners send anything.
"""

import ibis
import ibis.expr.types as ir
from ibis import _

from contracts.requests import TABLE
from watershed.transforms.apache_lines import (
    ADDRESS,
    APACHE_FORM,
    BACKSLASH,
    CLOCK,
    NOTHING,
    ODD_FORM,
    QUOTE,
    SECOND,
    cut_apache,
    is_apache,
    read_stamp,
)
from watershed.transforms.epoch_seconds import parse_epoch
from watershed.transforms.extended_lines import cut_extended

SHORT_FORM = rf"(?s)^{CLOCK} [^ ]+ .+ [0-9]+\z"
SHORT_REQUEST = r"(?s)^[^ ]+ [^ ]+ (.+) [0-9]+\z"
TABBED_FORM = r"^[^\t]+\t[^\t]*\t[0-9]+\t[^\t]*\t[^\t]*\t[0-9]+\t(?:[0-9]+|-)?\t*\z"
TABBED_HEADER = "host\tlogname\ttime\t"

REQUEST = r"(?s)^[A-Za-z][A-Za-z_-]* (.+) ([A-Z]+/[0-9.]+)\z"
OLD_REQUEST = r"(?s)^[A-Z][A-Z_-]* ([^ ].*)\z"  # HTTP/0.9 has no protocol
USUAL_METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")
# Behind a path with a space in it: no part of a path that could not be a field, such as a user's name, as well.
FIELD = rf"(?:[^ /?%&]+|[^ ?]*=[^ ]*|{ADDRESS}|[a-z]+://[^ ]*|[A-Za-z]+/[0-9][^ ]*)"
MORE_FIELDS = rf"(?s)^[A-Za-z_-]+ [^ ]+(?: [^ ]+)*? {FIELD}(?: [^ ]+)*\z"
LATE_METHOD = rf"(?s)^[^ ]+(?: [^ ]+)*? (?:{'|'.join(USUAL_METHODS)})(?: |\z)"

USUAL_PROTOCOLS = ("HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/3.0")


def is_comment(records: ir.Table) -> ir.BooleanValue:
    """Lines that are about the log: the directives of W3C's format, whatever else servers write after a #."""
    return records.line.startswith("#")


def from_access_logs(records: ir.Table) -> ir.Table:
    """Contract columns, trace, problem and line, a row a record. A line without a date is of its object's day.

    A request line that is not a request, such as what a TLS client sends to a plain port, leaves method and path null.
    """
    lines = records.mutate(text=ibis.ifelse(records.fields.isnull(), unwrap(records.line), records.line))
    cut = cut_extended(cut_apache(lines.mutate(form=find_form(lines))))
    parts = cut.mutate(
        pieces=ibis.ifelse(cut.form == "short", cut.text, "").split(" "),
        tabs=ibis.ifelse(cut.form == "tabbed", cut.text, "").split("\t"),
    )
    values = split_request(choose_fields(parts)).mutate(
        status=_.status_text.try_cast("int32"), response_bytes=_.size_text.try_cast("int64")
    )
    return values.mutate(problem=find_problem(values)).select(*TABLE.arrow_schema.names, "problem", "line")


def unwrap(line: ir.StringValue) -> ir.StringValue:
    """A record out of quotes that are put around all of it: its own are doubled, escaped, or as they were."""
    bare = line.re_replace("\r+\\z", "")
    inner = bare.substr(1, bare.length() - 2).re_replace("\r+\\z", "")
    is_doubled = inner.contains('""') & ~inner.replace('""', "").contains('"')
    is_escaped = inner.contains('\\"') & ~inner.replace("\\\\", "").replace('\\"', "").contains('"')
    unescaped = inner.replace("\\\\", BACKSLASH).replace('\\"', '"').replace(BACKSLASH, "\\")
    unwrapped = ibis.cases(
        (~bare.re_search(r'(?s)^".*"\z'), bare),
        (is_doubled, inner.replace('""', '"')),
        (is_escaped, unescaped),
        else_=inner,
    )
    return ibis.ifelse(line.startswith('"') | line.endswith("\r"), unwrapped, line)


def find_form(lines: ir.Table) -> ir.StringValue:
    return ibis.cases(
        (lines.fields.notnull(), "extended"),
        (lines.text.re_search(SHORT_FORM), "short"),
        (lines.text.re_search(APACHE_FORM), "apache"),
        (lines.text.re_search(TABBED_FORM), "tabbed"),
        (lines.text.re_search(ODD_FORM), "odd"),
        else_=NOTHING,
    )


def choose_fields(cut: ir.Table) -> ir.Table:
    """The fields, each from where the line's form has it. The request is one text still, but in W3C's form."""
    own = cut.extended
    short_request = cut.text.re_extract(SHORT_REQUEST, 1)
    return cut.mutate(
        requested_at=find_time(cut),
        client_host=choose(cut, cut.host, cut.pieces[1], cut.tabs[0], own.client_host),
        remote_user=choose(cut, cut.user, NOTHING, cut.tabs[1].nullif("-"), own.remote_user),
        virtual_host=choose(cut, cut.site, NOTHING, NOTHING, own.virtual_host),
        request=choose(cut, cut.request_line, short_request, cut.tabs[3] + " " + cut.tabs[4], NOTHING),
        status_text=choose(cut, cut.sizes[1], cut.pieces[cut.pieces.length() - 1], cut.tabs[5], own.status),
        size_text=choose(cut, cut.sizes[2], NOTHING, cut.tabs[6], own.size).nullif("-").nullif(""),
        referrer=choose(cut, cut.referrer, NOTHING, NOTHING, own.referrer),
        user_agent=choose(cut, cut.agent, NOTHING, NOTHING, own.user_agent),
        log_extra=choose(cut, cut.extra, NOTHING, NOTHING, own.extra),
    )


def choose(cut: ir.Table, apache: ir.Value, short: ir.Value, tabbed: ir.Value, extended: ir.Value) -> ir.Value:
    return ibis.cases(
        (is_apache(cut.form), apache),
        (cut.form == "short", short),
        (cut.form == "tabbed", tabbed),
        (cut.form == "extended", extended),
    )


def find_time(cut: ir.Table) -> ir.TimestampValue:
    """In UTC."""
    day, own = cut.day.cast("string"), cut.extended
    short = (day + "T" + cut.pieces[0]).try_cast("timestamp(6)")
    extended = (ibis.coalesce(own.date, day) + "T" + own.time).try_cast("timestamp(6)")
    return choose(cut, read_stamp(cut.stamp), short, parse_epoch(cut.tabs[2]), extended)


def split_request(fields: ir.Table) -> ir.Table:
    """Add method, path, query and protocol, all null where the request line is not a request."""
    request, words, own = fields.request, fields.request.split(" "), fields.extended
    is_usual = (words.length() == 3) & words[0].isin(USUAL_METHODS) & words[2].isin(USUAL_PROTOCOLS) & (words[1] != "")
    is_new, is_old = request.re_search(REQUEST), request.re_search(OLD_REQUEST)
    is_extended = fields.form == "extended"
    parts = fields.mutate(
        method=ibis.cases((is_extended, own.method), (is_usual | is_new | is_old, words[0])),
        target=ibis.cases(
            (is_extended, own.stem + ibis.ifelse(own.query.isnull(), "", "?" + own.query)),
            (is_usual, words[1]),
            (is_new, request.re_extract(REQUEST, 1)),
            (is_old, request.re_extract(OLD_REQUEST, 1)),
        ),
        protocol=ibis.cases(
            (is_extended, own.protocol), (is_usual, words[2]), (is_new, request.re_extract(REQUEST, 2))
        ),
    )
    query = ibis.ifelse(parts.target.contains("?"), parts.target.re_extract(r"(?s)\?(.*)\z", 1), NOTHING)
    return parts.mutate(path=parts.target.split("?")[0], query=query)


def find_problem(values: ir.Table) -> ir.StringValue:
    text, form, own = values.text, values.form, values.extended
    hides = text.contains("\\") & (text.contains(BACKSLASH) | text.contains(QUOTE))
    bare = values.request.re_replace(r" HTTP/[0-9.]+\z", "")
    has_more = values.pieces.length() > len(("time", "host", "method", "path", "status"))
    is_other = values.client_host.isin(USUAL_METHODS) | values.client_host.startswith("/")
    is_unsure = ibis.ifelse(
        form == "short", is_other | bare.re_search(LATE_METHOD) | (has_more & bare.re_search(MORE_FIELDS)), False
    )
    has_no_day = values.day.isnull() & ((form == "short") | ((form == "extended") & own.date.isnull()))
    return ibis.cases(
        (form.isnull() & text.startswith(TABBED_HEADER), "the line is a header, not a request"),
        (form.isnull(), "the line matches no known access-log format"),
        (hides, "the line mixes control characters and backslashes"),
        (is_apache(form) & values.extra.re_search(SECOND), "the line holds a second record"),
        (~values.is_whole, "the line has more or fewer fields than its #Fields: names"),
        (
            (form == "extended") & ibis.or_(own.time.isnull(), own.client_host.isnull(), own.status.isnull()),
            "the line has no time, client or status, or its #Fields: names none",
        ),
        (is_unsure, "the line may have more fields than the short form, and no #Fields: names them"),
        (has_no_day, "the line has no date and its object no day"),
        (values.requested_at.isnull(), "the time is not a valid date and time"),
        (values.status.isnull(), "status is not a 32-bit integer"),
        (values.size_text.notnull() & values.response_bytes.isnull(), "response_bytes is not a 64-bit integer"),
        else_=NOTHING,
    )
