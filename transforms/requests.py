r"""Requests in access logs, in any of these forms:

    02:49:12 127.0.0.1 GET /img13.jpg 200                                                         short
    127.0.0.1 - - [25/Jun/2020:02:49:12 +0200] "GET /img13.jpg HTTP/1.1" 200 1834                 common
    127.0.0.1 - - [25/Jun/2020:02:49:12 +0200] "GET /img13.jpg HTTP/1.1" 200 1834 "-" "curl/8.5"  combined
    unicomp6.unicomp.net\t-\t804571206\tGET\t/shuttle/countdown/\t200\t3985                       tabbed

The common and combined forms may go on with fields of the site's own. Quoted fields may hold quotes, spelled `\"`.
"""

import ibis
import ibis.expr.types as ir
from ibis import _

from contracts.requests import TABLE
from transforms.epoch_seconds import parse_epoch

QUOTED = r'"(?:[^"\\]|\\.)*"'
CLOCK = "(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
STAMP = rf"\[[0-9]{{2}}/[A-Za-z]{{3}}/[0-9]{{4}}:{CLOCK} [+-][0-9]{{4}}\]"
COMMON = rf'(?s)^[^ "]+ [^ "]+ [^ "]+ {STAMP} {QUOTED} [0-9]+ (?:[0-9]+|-)'
APACHE_FORM = rf'{COMMON}(?: [^"]*(?:{QUOTED}[^"]*)*)?\z'
APACHE_EXTRA = rf"{COMMON}(?: {QUOTED} {QUOTED})?(?: (.*))?\z"
SHORT_FORM = rf"(?s)^{CLOCK} [^ ]+ .+ [0-9]+\z"
SHORT_REQUEST = r"(?s)^[^ ]+ [^ ]+ (.+) [0-9]+\z"
TABBED_FORM = r"^[^\t]+\t[^\t]*\t[0-9]+\t[^\t]*\t[^\t]*\t[0-9]+\t(?:[0-9]+|-)?\t*\z"
TABBED_HEADER = "host\tlogname\ttime\t"

REQUEST = r"(?s)^[A-Za-z][A-Za-z_-]* (.+) ([A-Z]+/[0-9.]+)\z"
OLD_REQUEST = r"(?s)^[A-Z][A-Z_-]* ([^ ].*)\z"  # HTTP/0.9 has no protocol

USUAL_METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")
USUAL_PROTOCOLS = ("HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/3.0")

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NOTHING = ibis.null("string")
BACKSLASH, QUOTE = "\x01", "\x02"  # stand for those escaped, while a line is cut at its quotes


def from_access_logs(records: ir.Table) -> ir.Table:
    """Contract columns, trace, problem and line, a row a record. A line without a date is of its object's day.

    A request line that is no request, such as what a TLS client sends to a plain port, leaves method and path null.
    """
    cut = cut_fields(records.mutate(form=find_form(records.line)))
    fields = cut.mutate(
        requested_at=find_time(cut),
        client_host=choose(cut, cut.words[0], cut.words[1], cut.tabs[0]),
        remote_user=choose(cut, cut.words[2], NOTHING, cut.tabs[1]).nullif("-"),
        request=choose(
            cut, restore(cut, cut.quoted[1]), cut.line.re_extract(SHORT_REQUEST, 1), cut.tabs[3] + " " + cut.tabs[4]
        ),
        status_text=choose(cut, cut.sizes[1], cut.words[cut.words.length() - 1], cut.tabs[5]),
        size_text=choose(cut, cut.sizes[2], NOTHING, cut.tabs[6]).nullif("-").nullif(""),
        referrer=ibis.ifelse(cut.is_combined, restore(cut, cut.quoted[3]), NOTHING).nullif("-"),
        user_agent=ibis.ifelse(cut.is_combined, restore(cut, cut.quoted[5]), NOTHING).nullif("-"),
        log_extra=find_extra(cut),
    )
    values = split_request(fields).mutate(
        status=_.status_text.try_cast("int32"), response_bytes=_.size_text.try_cast("int64")
    )
    return values.mutate(problem=find_problem(values)).select(*TABLE.arrow_schema.names, "problem", "line")


def find_form(line: ir.StringValue) -> ir.StringValue:
    return ibis.cases(
        (line.re_search(SHORT_FORM), "short"),
        (line.re_search(APACHE_FORM), "apache"),
        (line.re_search(TABBED_FORM), "tabbed"),
        else_=NOTHING,
    )


def choose(cut: ir.Table, apache: ir.Value, short: ir.Value, tabbed: ir.Value) -> ir.Value:
    """A field from where the line's form has it."""
    return ibis.cases((cut.form == "apache", apache), (cut.form == "short", short), (cut.form == "tabbed", tabbed))


def cut_fields(records: ir.Table) -> ir.Table:
    """The line cut at quotes, spaces and tabs; `sizes` is what lies between the request and the referrer."""
    line = records.line
    hidden = line.replace("\\\\", BACKSLASH).replace('\\"', QUOTE)
    quoted = records.mutate(quoted=ibis.ifelse(line.contains("\\"), hidden, line).split('"'))
    cut = quoted.mutate(
        words=ibis.ifelse(quoted.form == "short", line, restore(quoted, quoted.quoted[0])).split(" "),
        tabs=ibis.ifelse(_.form == "tabbed", line, "").split("\t"),
        sizes=_.quoted[2].split(" "),
        stamp=_.quoted[0].right(len("25/Jun/2020:02:49:12 +0200] ")),
    )
    has_agent = (cut.sizes.length() == 4) & (cut.sizes[3] == "") & (cut.quoted[4] == " ") & (cut.quoted.length() > 6)
    ends_there = (cut.quoted[6] == "") | cut.quoted[6].startswith(" ")
    return cut.mutate(is_combined=(cut.form == "apache") & has_agent & ends_there)


def restore(cut: ir.Table, text: ir.StringValue) -> ir.StringValue:
    """A piece of a line that was cut at its quotes, as it stands in the log."""
    shown = text.replace(QUOTE, '\\"').replace(BACKSLASH, "\\\\")
    return ibis.ifelse(cut.line.contains("\\"), shown, text)


def find_time(cut: ir.Table) -> ir.TimestampValue:
    """In UTC."""
    stamp = cut.stamp
    month = stamp.substr(3, 3).cases(*((name, f"{n:02}") for n, name in enumerate(MONTHS, 1)))
    local = stamp.substr(7, 4) + "-" + month + "-" + stamp.left(2) + "T" + stamp.substr(12, 8)
    minutes = 60 * stamp.substr(22, 2).try_cast("int32") + stamp.substr(24, 2).try_cast("int32")
    east = ibis.ifelse(stamp.substr(21, 1) == "-", -minutes, minutes)
    apache = local.try_cast("timestamp(6)") - east.as_interval("m")
    short = (cut.day.cast("string") + "T" + cut.words[0]).try_cast("timestamp(6)")
    return choose(cut, apache, short, parse_epoch(cut.tabs[2]))


def find_extra(cut: ir.Table) -> ir.StringValue:
    """Most lines have no further fields; only the others are worth a regex."""
    is_full = cut.is_combined & (cut.quoted.length() == 7) & (cut.quoted[6] == "")
    is_common = (cut.quoted.length() == 3) & (cut.sizes.length() == 3)
    extra = cut.line.re_extract(APACHE_EXTRA, 1).strip().nullif("")
    return ibis.ifelse(is_full | is_common | (cut.form != "apache"), NOTHING, extra)


def split_request(fields: ir.Table) -> ir.Table:
    """Add method, path, query and protocol, all null where the request line is no request."""
    request, words = fields.request, fields.request.split(" ")
    is_usual = (words.length() == 3) & words[0].isin(USUAL_METHODS) & words[2].isin(USUAL_PROTOCOLS) & (words[1] != "")
    is_new, is_old = request.re_search(REQUEST), request.re_search(OLD_REQUEST)
    parts = fields.mutate(
        method=ibis.cases((is_usual | is_new | is_old, words[0])),
        target=ibis.cases(
            (is_usual, words[1]), (is_new, request.re_extract(REQUEST, 1)), (is_old, request.re_extract(OLD_REQUEST, 1))
        ),
        protocol=ibis.cases((is_usual, words[2]), (is_new, request.re_extract(REQUEST, 2))),
    )
    query = ibis.ifelse(parts.target.contains("?"), parts.target.re_extract(r"(?s)\?(.*)\z", 1), NOTHING)
    return parts.mutate(path=parts.target.split("?")[0], query=query)


def find_problem(values: ir.Table) -> ir.StringValue:
    hides = values.line.contains("\\") & (values.line.contains(BACKSLASH) | values.line.contains(QUOTE))
    return ibis.cases(
        (values.form.isnull() & values.line.startswith(TABBED_HEADER), "the line is a header, not a request"),
        (values.form.isnull(), "no access log form fits"),
        (hides, "the line mixes control characters and backslashes"),
        ((values.form == "short") & values.day.isnull(), "the line has no date and its object no day"),
        (values.requested_at.isnull(), "the time does not exist"),
        (values.status.isnull(), "the status is too large a number"),
        (values.size_text.notnull() & values.response_bytes.isnull(), "the size is too large a number"),
        else_=NOTHING,
    )
