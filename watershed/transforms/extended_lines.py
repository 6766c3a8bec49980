"""Lines of W3C's extended log format, as of IIS and CloudFront: the last `#Fields:` above a line says what is what.

    #Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status sc-bytes cs(User-Agent)
    2020-06-25 02:49:12 127.0.0.1 GET /img13.jpg - 200 1834 Mozilla/5.0+(X11)

Fields are separated by spaces or by tabs; one with spaces in it is quoted, and a quote in it is doubled.
"""

import ibis
import ibis.expr.types as ir

KNOWN = {
    "client_host": ("c-ip", "c-dns"),
    "remote_user": ("cs-username",),
    "virtual_host": ("cs-host", "cs(host)"),
    "method": ("cs-method",),
    "stem": ("cs-uri-stem", "cs-uri-path", "cs-uri"),
    "query": ("cs-uri-query",),
    "protocol": ("cs-version", "cs-protocol-version"),
    "status": ("sc-status",),
    "size": ("sc-bytes", "bytes"),
    "referrer": ("cs(referer)", "cs(referrer)"),
    "user_agent": ("cs(user-agent)",),
    "date": ("date",),
    "time": ("time",),
}
READ = [name for names in KNOWN.values() for name in names]
SPACE = "\x03"  # stands for one in quotes, while a line is cut at its spaces
NOTHING = ibis.null("string")


def cut_extended(lines: ir.Table) -> ir.Table:
    """Add `extended`, a struct of the fields in KNOWN and of `extra`, what else the line has, all null where it is of
    another form; and `is_whole`, whether it has as many fields as its `#Fields:` names."""
    is_extended = lines.form == "extended"
    text = ibis.ifelse(is_extended, lines.text, NOTHING)
    tabbed = ibis.ifelse(text.contains("\t"), text.re_replace("\t+\\z", ""), join_words(text))
    cut = lines.mutate(
        names=ibis.ifelse(is_extended, lines.fields.lower(), NOTHING).split(" "),
        values=tabbed.split("\t").map(unquote),
    )
    whole = cut.mutate(is_whole=cut.names.length() == cut.values.length())
    known = {field: find_value(whole, *names) for field, names in KNOWN.items()}
    return whole.mutate(extended=ibis.struct(known | {"extra": find_rest(whole)}))


def join_words(text: ir.StringValue) -> ir.StringValue:
    """Words separated by spaces, separated by tabs instead, but for the spaces in quotes."""
    pieces = text.split('"').map(lambda piece, at: ibis.ifelse(at % 2 == 1, piece.replace(" ", SPACE), piece))
    hidden = ibis.ifelse(text.contains('"'), pieces.join('"'), text)
    return hidden.strip().re_replace(" +", "\t").replace(SPACE, " ")


def find_value(cut: ir.Table, *names: str) -> ir.StringValue:
    """The first field that has one of the names; null where it is `-`."""
    has = {name: cut.is_whole & cut.names.contains(name) for name in names}
    found = (ibis.ifelse(has[name], cut.values[cut.names.index(name)], NOTHING) for name in names)
    return ibis.coalesce(*found).nullif("-")


def unquote(text: ir.StringValue) -> ir.StringValue:
    is_quoted = text.startswith('"') & text.endswith('"') & (text.length() > 1)
    return ibis.ifelse(is_quoted, text.substr(1, text.length() - 2).replace('""', '"'), text)


def find_rest(cut: ir.Table) -> ir.StringValue:
    """Fields that no column has, as `name=value`."""
    named = cut.names.zip(cut.values).map(lambda pair: pair.f1 + "=" + pair.f2)
    return named.filter(lambda pair: ~pair.re_extract("^[^=]*", 0).isin(READ)).join(" ").nullif("")
