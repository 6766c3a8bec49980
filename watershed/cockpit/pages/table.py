"""A table: what it is, its calendar, and what was last published to it."""

from datetime import date
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from watershed.cockpit.declared import find_declared, list_readers
from watershed.cockpit.guards import Looker
from watershed.cockpit.questions.catalogue import list_columns
from watershed.cockpit.questions.checks import list_failing, list_histories
from watershed.cockpit.questions.comments import count_comments, list_comments
from watershed.cockpit.questions.months import MOST_SENTENCES, SIGNS, list_concerns, make_calendar
from watershed.cockpit.questions.partitions import list_partitions, list_refused
from watershed.cockpit.questions.publishes import list_costs, list_inputs, list_recent
from watershed.cockpit.questions.tables import list_conditions, read_trends
from watershed.cockpit.rendering import render
from watershed.declarations.owners import find_owner
from watershed.warehouse.schema.table_pages import example_queries

router = APIRouter()


@router.get("/tables/{address}")
def show_table(request: Request, user: Looker, address: str, until: date | None = None) -> HTMLResponse:
    one = find_declared(address)
    partitions = list_partitions(address)
    concerns = list_concerns(partitions)
    comments = list_comments(address)
    return render(
        request,
        "table.html",
        tab="tables",
        one=one,
        owner=find_owner(one.owner),
        condition=list_conditions()[address],
        columns=list_columns(address),
        readers=list(list_readers(address)),
        partitions=partitions,
        calendar=make_calendar(partitions, until),
        signs=SIGNS,
        concerns=concerns[:MOST_SENTENCES],
        more=sum(c.count for c in concerns[MOST_SENTENCES:]),
        refusals=[refusal for refusal in list_refused(one) if refusal.day is None][:MOST_SENTENCES],
        inputs=list_inputs(one, None) if one.is_mart and one.day is None else [],
        publishes=list_recent(address),
        costs=list_costs(address),
        histories=list_histories(address),
        failing=list_failing().get(address, []),
        trend=read_trends([address]).get(address, []),
        examples=example_queries(address),
        user=user,
        comments=comments,
        notes=count_comments(comments),
        new_comment=uuid4().hex[:16],
    )
