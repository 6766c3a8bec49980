r"""Lines of Apache's common and combined forms, which nginx, Varnish and most others write too:

    127.0.0.1 - - [25/Jun/2020:02:49:12 +0200] "GET /img13.jpg HTTP/1.1" 200 1834                 common
    127.0.0.1 - - [25/Jun/2020:02:49:12 +0200] "GET /img13.jpg HTTP/1.1" 200 1834 "-" "curl/8.5"  combined

They may go on with fields of the site's own, and quoted fields may hold quotes, spelled `\"`. Most lines begin with
three words; the form of the few others is called *odd*:

    127.0.0.1 - Jane Roe [25/Jun/2020:02:49:12 +0200] "GET / HTTP/1.1" 200 1834            a user's name has a space
    site.example:80 127.0.0.1 - - [25/Jun/2020:02:49:12 +0200] "GET / HTTP/1.1" 200 1834   the virtual host is in front
"""

import ibis
import ibis.expr.types as ir

CLOCK = "(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
QUOTED = r'"(?:[^"\\]|\\.)*"'
STAMP = rf"\[[0-9]{{2}}/[A-Za-z]{{3}}/[0-9]{{4}}:{CLOCK} [+-](?:0[0-9]|1[0-5])[0-5][0-9]\]"
ANSWER = rf"{STAMP} {QUOTED} [0-9]+ (?:[0-9]+|-)"
REST = rf'(?: [^"]*(?:{QUOTED}[^"]*)*)?'

ADDRESS = r'(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?:%[^ "]+)?)'
NAME = r"(?:localhost|[A-Za-z0-9][A-Za-z0-9_.-]*\.[A-Za-z][A-Za-z0-9-]*)"
WORD = r'(?:[^ "\\\[]|\\.)+'
WORDS = r'(?:(?:[^ "\\\[-]|\\.)(?:[^ "\\\[]|\\.)*)(?: +(?:[^ "\\\[-]|\\.)(?:[^ "\\\[]|\\.)*)*'  # none is a dash
USER = rf"(?:{WORD}|{WORDS}|{QUOTED})"
SITE = rf'(?:[^ ",\[]+|\[[0-9A-Fa-f:.]+\](?::[0-9]+)?) +(?:{ADDRESS} +{WORD}|{NAME} +-) +{USER}'
NO_SITE = rf"{WORD} +(?:- +{USER}|{WORD} +(?:{WORD}|{QUOTED}))"

APACHE_FORM = rf'(?s)^[^ "]+ [^ "]+ [^ "]+ {ANSWER}{REST}\z'
ODD_FORM = rf"(?s)^(?:{SITE}|{NO_SITE}) +{ANSWER}{REST}\z"
ODD_HEAD = rf'(?s)^(.*?) +{STAMP} "'
ODD_TAIL = rf'(?s)^.*? +({STAMP} ".*)\z'
SITE_HEAD = rf"(?s)^{SITE}\z"
SECOND = rf'{STAMP} "'  # unescaped: no client can send that
EXTRA = rf"(?s)^[^\[]*{ANSWER}(?: {QUOTED} {QUOTED})?(?: (.*))?\z"

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NOTHING = ibis.null("string")
BACKSLASH, QUOTE = "\x01", "\x02"  # stand for those escaped, while a line is cut at its quotes


def is_apache(form: ir.StringValue) -> ir.BooleanValue:
    return form.isin(["apache", "odd"])


def cut_apache(lines: ir.Table) -> ir.Table:
    """Add what lines of the two forms have: `host`, `user`, `site`, `stamp`, `request`, `sizes` (what lies between the
    request and the referrer, cut at its spaces), `referrer`, `agent` and `extra`. Of other lines it means nothing."""
    parts = lines.mutate(
        front=ibis.ifelse(lines.form == "odd", lines.text.re_extract(ODD_HEAD, 1), ""),
        tail=ibis.ifelse(lines.form == "odd", lines.text.re_extract(ODD_TAIL, 1), lines.text),
    )
    hidden = parts.tail.replace("\\\\", BACKSLASH).replace('\\"', QUOTE)
    quoted = parts.mutate(quoted=ibis.ifelse(parts.tail.contains("\\"), hidden, parts.tail).split('"'))
    cut = quoted.mutate(
        words=ibis.ifelse(quoted.form == "apache", restore(quoted, quoted.quoted[0]), "").split(" "),
        sizes=quoted.quoted[2].split(" "),
        stamp=quoted.quoted[0].right(len("25/Jun/2020:02:49:12 +0200] ")),
        has_site=ibis.ifelse(quoted.form == "odd", quoted.front.re_search(SITE_HEAD), False),
    )
    return add_texts(add_client(cut.mutate(is_combined=is_combined(cut))))


def is_combined(cut: ir.Table) -> ir.BooleanValue:
    has_agent = (cut.sizes.length() == 4) & (cut.sizes[3] == "") & (cut.quoted[4] == " ") & (cut.quoted.length() > 6)
    ends_there = (cut.quoted[6] == "") | cut.quoted[6].startswith(" ")
    return is_apache(cut.form) & has_agent & ends_there


def add_client(cut: ir.Table) -> ir.Table:
    """Add host, user and site."""
    own = ibis.ifelse(cut.has_site, cut.front.re_replace("^[^ ]+ +", ""), cut.front)
    user = own.re_extract(r"(?s)^[^ ]+ +[^ ]+ +(.*?) *\z", 1)
    is_quoted = user.startswith('"') & (user.length() > 1)
    bare = ibis.ifelse(is_quoted, user.substr(1, user.length() - 2), user)
    return cut.mutate(
        host=ibis.ifelse(cut.form == "odd", own.re_extract("^[^ ]+", 0), cut.words[0]),
        user=ibis.ifelse(cut.form == "odd", bare, cut.words[2]).nullif("-"),
        site=ibis.ifelse(cut.has_site, cut.front.re_extract("^[^ ]+", 0), NOTHING).nullif("-"),
    )


def add_texts(cut: ir.Table) -> ir.Table:
    """Add what is quoted, and what follows it."""
    return cut.mutate(
        request_line=restore(cut, cut.quoted[1]),
        referrer=ibis.ifelse(cut.is_combined, restore(cut, cut.quoted[3]), NOTHING).nullif("-"),
        agent=ibis.ifelse(cut.is_combined, restore(cut, cut.quoted[5]), NOTHING).nullif("-"),
        extra=find_extra(cut),
    )


def restore(cut: ir.Table, text: ir.StringValue) -> ir.StringValue:
    """A piece of a line that was cut at its quotes, as it stands in the log."""
    shown = text.replace(QUOTE, '\\"').replace(BACKSLASH, "\\\\")
    return ibis.ifelse(cut.text.contains("\\"), shown, text)


def find_extra(cut: ir.Table) -> ir.StringValue:
    """Most lines have no further fields; only the others are worth a regex."""
    is_full = cut.is_combined & (cut.quoted.length() == 7) & (cut.quoted[6] == "")
    is_common = (cut.quoted.length() == 3) & (cut.sizes.length() == 3)
    extra = cut.tail.re_extract(EXTRA, 1).strip().nullif("")
    return ibis.ifelse(is_full | is_common | ~is_apache(cut.form), NOTHING, extra)


def read_stamp(stamp: ir.StringValue) -> ir.TimestampValue:
    """`25/Jun/2020:02:49:12 +0200` in UTC; null where there is no such moment."""
    month = stamp.substr(3, 3).cases(*((name, f"{n:02}") for n, name in enumerate(MONTHS, 1)))
    local = stamp.substr(7, 4) + "-" + month + "-" + stamp.left(2) + "T" + stamp.substr(12, 8)
    minutes = 60 * stamp.substr(22, 2).try_cast("int32") + stamp.substr(24, 2).try_cast("int32")
    east = ibis.ifelse(stamp.substr(21, 1) == "-", -minutes, minutes)
    return local.try_cast("timestamp(6)") - east.as_interval("m")
