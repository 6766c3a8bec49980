"""Why is this number this number: from a cell of a mart to the rows behind it, and on to the raw lines."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from watershed.cockpit.guards import Looker, Seer
from watershed.cockpit.questions.cells import (
    PAGE,
    TRACED,
    choose_columns,
    find_cell,
    find_choice,
    key_sql,
    list_choices,
    read_input,
    read_rows,
)
from watershed.cockpit.rendering import render

router = APIRouter()


@router.get("/why")
def show_why(
    request: Request,
    user: Looker,
    role: Seer,
    table: str = "",
    row: str = "",
    column: str = "",
    where: str = "",
    page: Annotated[int, Query(ge=1)] = 1,
) -> HTMLResponse:
    """Which tables there are; with `table` its rows; with `row` and `column` how that cell came about."""
    if not table:
        return render(request, "why.html", tab="why", choices=list_choices())
    one = find_choice(table)
    if row and column:
        cell = find_cell(user, role, table, row, column)
        return render(request, "why_cell.html", tab="why", one=one, cell=cell, row=row)
    found = read_rows(user, role, one, where, page)
    return render(
        request,
        "why_rows.html",
        tab="why",
        one=one,
        found=found,
        where=where,
        page=page,
        has_more=len(found.rows) > PAGE,
        rows=found.rows[:PAGE],
        key_sql=key_sql,
        hidden=TRACED,
        role=role,
    )


@router.get("/why/rows")
def show_input_rows(
    request: Request, user: Looker, role: Seer, table: str, row: str, column: str, input: str
) -> HTMLResponse:
    """The rows of one input behind a cell: a fragment."""
    cell = find_cell(user, role, table, row, column)
    rows, found, when = read_input(user, role, cell, input)
    return render(
        request,
        "why_input.html",
        cell=cell,
        input=rows,
        found=found,
        when=when,
        columns=choose_columns(cell, input, found),
        choice=list_choices().get(input),
        key_sql=key_sql,
    )
