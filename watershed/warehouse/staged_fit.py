"""Staged files as the table takes them: all of its columns, in its types.

A transform makes what its contract says. The table has the columns that were retired besides, and while a run was under
way its contract may have changed: a column was added, renamed or widened. Then its files are written again, as the
table is now, before anybody could see them.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from duckdb import DuckDBPyConnection

from watershed.warehouse.connection import quote
from watershed.warehouse.republish import Overtaken
from watershed.warehouse.schema.copying import read_columns
from watershed.warehouse.schema.ddl import describe_wanted
from watershed.warehouse.schema.evolution import ColumnPlan, ContractBroken, Fields, LakeColumn, plan_table

SHAPES = """
    SELECT list(file_name)[1], list(file_name) FROM (
        SELECT
            file_name,
            list((name, duckdb_type, num_children, converted_type, logical_type, scale, precision)) AS shape
        FROM parquet_schema([{listed}]) GROUP BY file_name
    ) GROUP BY shape
"""


def read_targets(
    con: DuckDBPyConnection, addresses: Iterable[str], existing: Mapping[str, Fields] | None = None
) -> dict[str, Fields]:
    """The columns of these tables and of their quarantines as they are in the lake, with the names that their contracts
    say they had before. `existing`: all columns of the lake, where somebody has read them a moment ago."""
    declared, existing = describe_wanted(con, addresses), read_columns(con) if existing is None else existing
    wanted = {*addresses, *declared}
    return {address: mark_renamed(existing.get(address, {}), declared.get(address, {})) for address in wanted}


def have_changed(con: DuckDBPyConnection, columns: dict[str, Fields]) -> bool:
    """Whether a table has other columns than those that `read_targets` has found."""
    existing = read_columns(con)
    return any(mark_renamed(existing.get(address, {}), fields) != fields for address, fields in columns.items())


def mark_renamed(found: Fields, declared: Fields) -> Fields:
    own = {name: declared.get(name, field) for name, field in found.items()}
    return {
        n: LakeColumn(n, f.type, f.is_nullable, own[n].renamed_from, default=own[n].default) for n, f in found.items()
    }


def fit_files(con: DuckDBPyConnection, address: str, files: Sequence[str], wanted: Fields) -> list[str]:
    """The files, those written again in whose place others are that fit. Raises Overtaken where a file cannot be made
    to fit: what it holds was staged for another table than there is now."""
    fitted = dict.fromkeys(files, "")
    for sample, alike in con.execute(SHAPES.format(listed=", ".join(map(quote, files)))).fetchall() if files else ():
        plan = plan_fit(address, wanted, describe_file(con, sample, wanted))
        fitted |= {file: write_fitting(con, file, plan) if plan.told else file for file in alike}
    return list(fitted.values())


def describe_file(con: DuckDBPyConnection, file: str, wanted: Fields) -> Fields:
    """The columns of a file. Engines other than DuckDB stage JSON as text."""
    described = con.execute(f"DESCRIBE FROM read_parquet({quote(file)})").fetchall()
    types = {name: kind for name, kind, *_ in described}
    is_json = {name for name, kind in types.items() if kind == "VARCHAR" and name in wanted}
    return {
        n: LakeColumn(n, "JSON" if n in is_json and wanted[n].type == "JSON" else kind) for n, kind in types.items()
    }


def plan_fit(address: str, wanted: Fields, found: Fields) -> ColumnPlan:
    try:
        plan = plan_table(address, wanted, found)
    except ContractBroken:
        what = "does not fit it any more"
        raise Overtaken(f"what was staged for {address} {what}: its contract changed meanwhile, run it again") from None
    lacking = [new.name for new, old in plan.kept if old is None and not wanted[new.name].is_nullable]
    unknown = [new.name for new, _ in plan.kept if new.name not in wanted]
    if lacking or unknown:
        what = f"lacks {', '.join(lacking)}" if lacking else f"has {', '.join(unknown)}, which the table has not"
        raise Overtaken(f"what was staged for {address} {what}: its contract changed meanwhile, run it again")
    return plan


def write_fitting(con: DuckDBPyConnection, file: str, plan: ColumnPlan) -> str:
    """Write a file again as planned. The name follows from both: whoever repeats it finds what is there already."""
    stem = f"{file.removesuffix('.parquet')}-{sha256(plan.selection.encode()).hexdigest()[:8]}"
    address = f"{stem}.parquet"
    if con.execute(f"SELECT 1 FROM glob({quote(f'{stem}*')})").fetchone() is None:  # without a star it asks nobody
        rows = f"SELECT {plan.selection} FROM read_parquet({quote(file)})"
        con.execute(f"COPY ({rows}) TO {quote(address)} (FORMAT parquet)")
    return address
