"""Tabs in Airflow's own pages: the tables that a DAG makes, and the books of one of its runs."""

import re

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from cockpit.publishes import list_run_books, list_run_changes, list_run_refusals
from cockpit.rendering import render
from cockpit.tables import list_conditions, read_trends

router = APIRouter()


@router.get("/dags/{dag_id}")
def show_dag(request: Request, dag_id: str) -> HTMLResponse:
    made = [one for one in list_conditions().values() if dag_id in one.declared.dag_ids]
    trends = read_trends([one.declared.address for one in made])
    return render(request, "dag.html", is_tab=True, dag_id=dag_id, made=made, trends=trends)


@router.get("/dags/{dag_id}/runs/{run_id:path}")
def show_run(request: Request, dag_id: str, run_id: str) -> HTMLResponse:
    own = spell_run(dag_id, run_id)
    return render(
        request,
        "run.html",
        is_tab=True,
        dag_id=dag_id,
        run_id=run_id,
        publishes=list_run_changes(own),
        books=list_run_books(own),
        refusals=list_run_refusals(own),
    )


def spell_run(dag_id: str, run_id: str) -> str:
    """The ledger's id of a run of Airflow: as plugins/schedules.py makes it, safe as a part of an object key."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{dag_id}.{run_id}")
