"""Photo events: `{"event_id":"e1","event":"addPhoto","id":133422131,"user":54351,"path":"/st/u211/1U6uF147Fy.jpg",
"version":1,"leader":"phone-7","at":"2026-01-01T12:00:00.5+01:00"}`.

Numbers may be written as texts. A field that is null, or that this event does not need, may be left out. One pass over
the JSON gives all fields as texts; whether a text was a number or an object is asked of those alone that look like one.
"""

import ibis
import ibis.expr.types as ir
from ibis import _

from contracts.photo_events import KINDS, TABLE
from watershed.transforms.json_events import holds_nul, read_instant

TEXTS = ("event_id", "event", "path", "title", "leader")
NUMBERS = {"id": "photo_id", "user": "user_id", "bytes": "file_bytes", "camera": "camera_id", "version": "version"}
FIELDS = "struct<{}>".format(", ".join(f"{name}: string" for name in (*TEXTS, *NUMBERS, "at")))

WHOLE_NUMBER = "^-?[0-9]+$"
NO_TEXT = r"^(?:[\[{]|-?[0-9][0-9.eE+-]*$|-?[iInN]|true$|false$)"  # how JSON of other types than text begins

STAMP_SEPARATOR = "|"
NOTHING = ibis.null("string")


def from_photo_events(records: ir.Table) -> ir.Table:
    """Contract columns, trace, problem and line, a row a record."""
    parsed = records.drop("event_id").mutate(json=records.line.try_cast("json"))
    said = parsed.mutate(said=_.json.try_cast(FIELDS)).unpack("said")
    numbers = {column: said[field].try_cast("int64") for field, column in NUMBERS.items() if field != "version"}
    values = said.mutate(
        **numbers,
        kind=said.event,
        version_text=said.version,
        version=ibis.ifelse(said.version.isnull(), 1, said.version.try_cast("int64")),
        occurred_at=read_instant(said.at),
    )
    checked = values.mutate(problem=find_problem(values), stamp=make_stamp(values))
    return checked.select(*TABLE.arrow_schema.names, "problem", "line")


def make_stamp(values: ir.Table) -> ir.StringValue:
    """Version, time, leader and event, so that the stamps of a photo's events sort as texts and are never the same."""
    version = values.version.cast("string").lpad(20, "0")
    moment = values.occurred_at.strftime("%Y-%m-%dT%H:%M:%S.%f")
    return ibis.literal(STAMP_SEPARATOR).join([version, moment, values.leader, values.event_id])


def find_problem(values: ir.Table) -> ir.StringValue:
    is_add = values.event == "addPhoto"
    return ibis.cases(
        (values.json.isnull(), "the message is not JSON"),
        (~values.line.re_search(r"^\s*\{"), "the message is not a JSON object"),
        (holds_nul(values.line), "the message holds a NUL character, which databases cannot keep"),
        *find_text_problems(values),
        (~values.event.isin(KINDS), "the event is of an unknown kind"),
        (values.id.isnull(), "the event names no photo (id)"),
        (is_add & values.user.isnull(), "the event needs a user"),
        ((is_add | (values.event == "replacePhoto")) & values.path.isnull(), "the event needs a path"),
        *find_number_problems(values),
        (values["at"].isnull(), "the event has no time (at)"),
        (values.occurred_at.isnull(), "the time (at) does not exist or has no offset from UTC"),
        else_=NOTHING,
    )


def find_text_problems(values: ir.Table) -> list[tuple[ir.BooleanValue, str]]:
    needed = [(is_empty(values[name]), f"the event has no {name}") for name in ("event_id", "event", "leader")]
    typed = [(is_other_type(values, name), f"the field {name} is not text") for name in TEXTS if name != "event"]
    joined = values.leader.contains(STAMP_SEPARATOR), f"the leader's name holds a {STAMP_SEPARATOR}"
    return [*needed, *typed, joined]


def find_number_problems(values: ir.Table) -> list[tuple[ir.BooleanValue, ir.StringValue]]:
    problems = []
    for field, column in NUMBERS.items():
        text = values.version_text if field == "version" else values[field]
        # A cast takes 1.5 for 2. Spelling the number again costs half of what a regex does.
        is_read = (text == values[column].cast("string")) | text.isnull()
        is_large = values[column].isnull() & text.re_search(WHOLE_NUMBER)
        problem = ibis.ifelse(is_large, "does not fit a 64-bit integer", "is not a whole number")
        problems.append((~is_read.fill_null(False), f"the field {field} " + problem))
    return problems


def is_empty(text: ir.StringValue) -> ir.BooleanValue:
    return text.isnull() | (text == "")


def is_other_type(values: ir.Table, name: str) -> ir.BooleanValue:
    return ibis.ifelse(values[name].re_search(NO_TEXT), values.json[name].str.isnull(), False)
