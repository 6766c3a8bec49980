"""A database's rows in the types of a contract: what fits becomes a row, what does not says why.

A value does not fit where the contract's type could only hold another one: 6178466636 as int32, 1.005 with two digits
behind the point, 1.5 as a whole number, `n/a` as a time. The reason names the column, the value's form and the bound;
never the value, which may be about a person.
"""

import ibis
import ibis.expr.datatypes as dt
import pyarrow as pa
from ibis import ir

from watershed.declarations.column_types import as_ibis
from watershed.declarations.table import TRACE, Column, Table

NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)\s*$"
ELEMENT = r'"(?:[^"\\]|\\.)*"|[^,"{}]+'
FLAT = r'^\{([^{}"]|"([^"\\]|\\.)*")*\}$'
DIGITS = {dt.Int8: 3, dt.Int16: 5, dt.Int32: 10, dt.Int64: 19}


def select_columns(rows: ir.Table, table: Table) -> ir.Table:
    """An extraction's rows with the contract's columns in its types, the trace, and `_problem`: why a row cannot be one
    of the table, else null. A column that the extraction does not have is the contract's default, or null: the
    extraction is older than the column."""
    values = {c.name: convert_value(rows, c) for c in table.columns}
    problems = [find_problem(rows, c, values[c.name]) for c in table.columns]
    told = [problem for problem in problems if problem is not None]
    joined = ibis.literal("; ").join(told).nullif("") if told else ibis.null("string")
    return rows.select(**values, **{c.name: rows[c.name] for c in TRACE}, _problem=joined)


def select_keys(keys: ir.Table, table: Table) -> ir.Table:
    """The keys of all records in the contract's types. One that does not fit is of no record of the table."""
    columns = [c for c in table.columns if c.name in table.key]
    return keys.select(**{c.name: convert_value(keys, c) for c in columns}).drop_null()


def convert_value(rows: ir.Table, column: Column) -> ir.Value:
    """The value in the contract's type, null where it does not fit."""
    wanted = read_type(column.type)
    if column.name not in rows.columns:
        return ibis.literal(column.default).cast(wanted) if column.default is not None else ibis.null(wanted)
    value = read_text(rows[column.name], wanted)
    if isinstance(wanted, dt.Array) and value.type().is_string():
        value = read_elements(value)
    return value.cast(wanted) if fits_always(value.type(), wanted) else value.try_cast(wanted)


def read_text(value: ir.Value, wanted: dt.DataType) -> ir.Value:
    """Bytes where the contract has none are a text of a database that knows no encoding: null where not UTF-8."""
    is_text = value.type().is_binary() and not wanted.is_binary()
    return try_or_null(decode_utf8(value)) if is_text else value


@ibis.udf.scalar.builtin(name="decode", signature=((dt.binary,), dt.string))
def decode_utf8(value: bytes) -> str: ...  # type: ignore[empty-body]


@ibis.udf.scalar.builtin(name="try", signature=((dt.string,), dt.string))
def try_or_null(value: str) -> str: ...  # type: ignore[empty-body]


def read_elements(value: ir.StringValue) -> ir.ArrayValue:
    """The elements of an array as PostgreSQL writes it, which is how all of a column is read where one value of it is
    an array of arrays; that one is null."""
    elements = find_all(value, ELEMENT).map(read_element)
    return ibis.cases((value.re_search(FLAT), elements), else_=ibis.null("array<string>"))


def read_element(element: ir.StringValue) -> ir.StringValue:
    inner = element.substr(1, element.length() - 2).re_replace(r"\\(.)", r"\1")
    is_null = element.upper() == "NULL"
    return ibis.cases((is_null, ibis.null("string")), (element.startswith('"'), inner), else_=element)


@ibis.udf.scalar.builtin(name="regexp_extract_all", signature=((dt.string, dt.string), dt.Array(dt.string)))
def find_all(value: str, pattern: str) -> list[str]: ...  # type: ignore[empty-body]


def find_problem(rows: ir.Table, column: Column, typed: ir.Value) -> ir.StringValue | None:
    """Why the value cannot be in the contract's type, null where it can; None where any value can."""
    if column.name not in rows.columns or fits_always(rows[column.name].type(), typed.type()):
        return None
    value = read_text(rows[column.name], typed.type())
    is_other = rows[column.name].notnull() & (typed.isnull() | ~is_exact(value, typed))
    bound = f" where the contract has {describe_type(typed.type(), column.type)}"
    form = ibis.coalesce(describe_form(value), "text that is not UTF-8")
    said = ibis.literal(f"{column.name} is ") + form + bound
    return ibis.cases((is_other, said), else_=ibis.null("string"))


def read_type(kind: pa.DataType) -> dt.DataType:
    """The contract's type as Ibis has it."""
    return as_ibis(kind)


def fits_always(found: dt.DataType, wanted: dt.DataType) -> bool:
    """Whether any value of one type is a value of the other."""
    if found(nullable=True) == wanted(nullable=True) or (wanted.is_string() and not found.is_binary()):
        return True
    if wanted.is_floating():
        return found.is_integer() or found.is_decimal() or (found.is_floating() and found.nbytes <= wanted.nbytes)
    if isinstance(wanted, dt.Integer) and isinstance(found, dt.Integer):
        return wanted.bounds.lower <= found.bounds.lower and found.bounds.upper <= wanted.bounds.upper
    if isinstance(wanted, dt.Decimal):
        places = count_places(found)
        return places is not None and all(a <= b for a, b in zip(places, count_places(wanted) or (), strict=True))
    return False


def count_places(kind: dt.DataType) -> tuple[int, int] | None:
    """How many digits a number of this type has at most before and behind the point; None where that is unknown."""
    if isinstance(kind, dt.Decimal) and kind.precision is not None and kind.scale is not None:
        return kind.precision - kind.scale, kind.scale
    return (DIGITS[type(kind)], 0) if type(kind) in DIGITS else None


def is_exact(value: ir.Value, typed: ir.Value) -> ir.BooleanValue:
    """Whether an exact type holds the number as it was, without rounding, and all elements of an array."""
    kind = typed.type()
    if kind.is_nested() and value.type().is_nested():
        return typed.cast(value.type()).identical_to(value)
    if kind.is_boolean() and value.type().is_numeric():
        return typed.cast(value.type()) == value
    if not isinstance(kind, dt.Integer | dt.Decimal) or value.type().is_boolean():
        return ibis.literal(True)
    if value.type().is_floating():
        return typed.cast("float64") == value
    places = 0 if isinstance(kind, dt.Integer) else kind.scale
    return value.cast("string").re_search(rf"^\s*[+-]?\d*(\.\d{{0,{places}}}0*)?\s*$")


def describe_form(value: ir.Value) -> ir.StringValue:
    """What kind of thing a value is, without telling it."""
    if not (value.type().is_numeric() or value.type().is_string()):
        return ibis.literal(f"a value of type {type_name(value.type())}")
    text = value.cast("string")
    before = text.re_extract(r"^\s*[+-]?0*(\d*)", 1).length().cast("string")
    behind = text.re_extract(r"\.(\d*?)0*\s*$", 1).length().cast("string")
    number = ibis.literal("a number of ") + before + " digits before the point and " + behind + " behind"
    words = ibis.literal("a text of ") + text.length().cast("string") + " characters"
    is_infinite = text.lower().strip().isin(["nan", "infinity", "-infinity"])
    return ibis.cases((text.re_search(NUMBER), number), (is_infinite, "not a finite number"), else_=words)


def describe_type(kind: dt.DataType, declared: pa.DataType) -> str:
    if isinstance(kind, dt.Integer):
        return f"a whole number from {kind.bounds.lower} to {kind.bounds.upper} ({declared})"
    if places := count_places(kind):
        return f"a number of at most {places[0]} digits before the point and {places[1]} behind ({declared})"
    return f"a value of type {declared}"


def type_name(kind: dt.DataType) -> str:
    return str(kind(nullable=True))
