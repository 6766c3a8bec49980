"""Decisions as tasks: carrying out what is recorded, and asking a person about what was refused.

A question waits in the state `awaiting_input`, which takes no worker and no slot, until somebody answers it in the web
UI, under *Required Actions*, or by the REST API.
"""

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Asset, Param, PartitionedAssetTimetable, get_current_context, task
from airflow.sdk.definitions.asset import AssetAny
from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped

from watershed.airflow.assets import refused_asset, table_asset
from watershed.airflow.ingest import MOST_SENTENCES, Counts, announce, name_actor
from watershed.airflow.schedules import name_run
from watershed.declarations import load_sources, load_streams, load_tables

if TYPE_CHECKING:
    from watershed.flows.decisions.decide import Kind

PUBLISH, LEAVE, RETRY = "Publish anyway", "Leave refused", "Try again"
KINDS: dict[str, "Kind"] = {PUBLISH: "accept", LEAVE: "leave", RETRY: "replay"}
PATIENCE = timedelta(days=7)
WHY = "Say why: it is recorded with your name."


def listen_to_refusals() -> PartitionedAssetTimetable:
    """A run for each publish that refused something."""
    return PartitionedAssetTimetable(assets=AssetAny(*list_refused_assets()))


def list_refused_assets() -> list[Asset]:
    """Of the sources whose runs may refuse something: of a stream nothing is."""
    return [refused_asset(source) for source in sorted(set(load_sources()) - set(load_streams()))]


def carry_out() -> Any:
    """The task that does what a decision says."""
    tables = [table_asset(table.address) for table in load_tables().values() if not table.is_made]
    return apply_decision.override(task_id="carry_out", outlets=tables)()


def hand_over() -> TriggerDagRunOperator:
    """The task that hands to an ingest DAG what only that can do, and waits for it without a slot."""
    return TriggerDagRunOperator(
        task_id="hand_over",
        trigger_dag_id="ingest_{{ ti.xcom_pull(task_ids='carry_out')['source'] }}",
        trigger_run_id="carry_out_decisions__{{ run_id }}",
        conf={"decision": "{{ params.decision_id }}"},
        reset_dag_run=True,
        wait_for_completion=True,
        deferrable=True,
        poke_interval=3,
        logical_date=None,
        retries=0,  # an ingest run has retries of its own
    )


@task
def apply_decision() -> Counts:
    """Do what the decision says, unless it is done. Which days of a table changed is announced as a publish does it."""
    from watershed.flows.decisions.apply_decision import carry_out as carry
    from watershed.flows.published import PublishedTable

    context = get_current_context()
    done = carry(context["params"]["decision_id"], name_run(context))
    change, decision = done.change, done.decision
    if done.is_done and not change.days:
        raise AirflowSkipException("nothing to do: the decision is carried out")
    context["task"].outlets = []
    if change.days:
        context["task"].outlets = [table_asset(decision.subject)]
        announce(PublishedTable(decision.subject, change.rows, 0, change.days), change.snapshot)
    told: Counts = {"kind": decision.kind, "subject": decision.subject, "reason": decision.reason}
    if done.source is not None:
        return told | {"source": done.source}
    told |= {"rows": change.rows, "left": change.left, "changed_days": len(change.days), "snapshot": change.snapshot}
    context["ti"].xcom_push(key="return_value", value=told)
    raise DownstreamTasksSkipped(tasks=["hand_over"])


def describe_refusals() -> Any:
    """The task that says what was refused, and why."""
    return describe_refused.override(task_id="describe_refusals", inlets=list_refused_assets())()


def ask() -> HITLOperator:
    """The task that waits for a person's answer."""
    return HITLOperator(
        task_id="ask",
        subject="{{ ti.xcom_pull(task_ids='describe_refusals')['subject'] }}",
        body="{{ ti.xcom_pull(task_ids='describe_refusals')['body'] }}",
        options=[*KINDS],
        defaults=[LEAVE],
        params={"reason": Param("", type="string", title="Why", description=WHY)},
        response_timeout=PATIENCE,
        inlets=list_refused_assets(),
        doc_md="Ask a person. Nobody's answer within a week leaves the objects refused.",
    )


def record_answer(described: Any, asked: HITLOperator) -> Any:
    """The task that makes the answer a decision."""
    recording = record_decided.override(task_id="record_answer", inlets=list_refused_assets())
    return recording(described, cast(Any, asked.output))


def carry_out_decision() -> TriggerDagRunOperator:
    """The task that starts `carry_out_decisions`."""
    return TriggerDagRunOperator(
        task_id="carry_out_decision",
        trigger_dag_id="carry_out_decisions",
        trigger_run_id="decision__{{ ti.xcom_pull(task_ids='record_answer') }}",
        conf={"decision_id": "{{ ti.xcom_pull(task_ids='record_answer') }}"},
        skip_when_already_exists=True,
        logical_date=None,
    )


@task
def describe_refused() -> dict[str, Any]:
    """Say what was refused and why. Skipped, and with it the question, when nothing of it is refused any more."""
    from watershed.flows.ingest.refuse import list_still_refused

    events = [event for those in get_current_context()["triggering_asset_events"].values() for event in those]
    if not events:
        raise AirflowSkipException("nothing to do: no publish refused anything; decide on the page Quarantine")
    source, run_id = events[-1].extra["source"], events[-1].extra["run_id"]
    refused = list_still_refused(source, run_id)
    if not refused:
        raise AirflowSkipException(f"nothing to do: what run {run_id} refused was published since")
    count = "1 object was" if len(refused) == 1 else f"{len(refused)} objects were"
    sentences = [f"- `{key}`: {why}" for key, why in list(refused.items())[:MOST_SENTENCES]]
    return {
        "source": source,
        "objects": [*refused],
        "subject": f"{source}: {count} refused. Publish anyway?",
        "body": "\n".join([*sentences, "", EXPLANATION]),
    }


EXPLANATION = (
    f"*{PUBLISH}*: bad rows go to quarantine, the others to the tables; what cannot be read at all stays refused. "
    f"*{RETRY}*: the cause is repaired. *{LEAVE}*: nothing happens, and nothing is lost: the objects stay in `raw/`."
)


@task
def record_decided(described: dict[str, Any], answer: dict[str, Any]) -> str:
    """Record what was decided, with who and why. Returns the decision's id; what is left refused ends here."""
    from watershed.flows.decisions.decide import About, record_decision

    context = get_current_context()
    kind = KINDS[answer["chosen_options"][0]]
    user = answer.get("responded_by_user")
    why = str((answer.get("params_input") or {}).get("reason") or "").strip()
    decision_id = record_decision(
        kind,
        described["source"],
        About(source=described["source"], objects=described["objects"]),
        why or ("no reason given" if user else f"nobody answered for {PATIENCE.days} days"),
        user["name"] if user else name_actor(context),
        hashlib.sha256(name_run(context).encode()).hexdigest()[:16],
    )
    if kind == "leave":
        context["ti"].xcom_push(key="return_value", value=decision_id)
        raise DownstreamTasksSkipped(tasks=["carry_out_decision"])
    return decision_id
