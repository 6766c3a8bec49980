"""Tabs in Airflow's own pages: the tables that a DAG makes, and the books of one of its runs."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from watershed.cockpit.questions.checks import list_run_failures
from watershed.cockpit.questions.publishes import list_run_books, list_run_changes, list_run_refusals
from watershed.cockpit.questions.tables import list_conditions, read_trends
from watershed.cockpit.rendering import render
from watershed.warehouse.ledger.history import name_run

router = APIRouter()


@router.get("/dags/{dag_id}")
def show_dag(request: Request, dag_id: str) -> HTMLResponse:
    made = [one for one in list_conditions().values() if dag_id in one.declared.dag_ids]
    trends = read_trends([one.declared.address for one in made])
    return render(request, "dag.html", is_tab=True, dag_id=dag_id, made=made, trends=trends)


@router.get("/dags/{dag_id}/runs/{run_id:path}")
def show_run(request: Request, dag_id: str, run_id: str) -> HTMLResponse:
    own = name_run(dag_id, run_id)
    return render(
        request,
        "run.html",
        is_tab=True,
        dag_id=dag_id,
        run_id=run_id,
        publishes=list_run_changes(own),
        books=list_run_books(own),
        refusals=list_run_refusals(own),
        failures=list_run_failures(own),
    )
