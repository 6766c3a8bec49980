"""Publish, and tell it: an OpenLineage event of every publish, kept in the ledger and sent to whoever wants to know.

The event is written in the transaction that it tells of, and sent after the commit by OpenLineage's own client, which
its own variables configure (OPENLINEAGE_URL, OPENLINEAGE_CONFIG, OPENLINEAGE__TRANSPORT__...). Without any, nothing is
sent. What cannot be sent is logged and stays in the ledger: `watershed lineage --resend SNAPSHOT`.
"""

import json
import logging
import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import cache
from threading import Thread
from typing import Any

from watershed.errors import NotFound
from watershed.lineage.events import prepare_event
from watershed.settings import load_settings
from watershed.warehouse import publish as protocol
from watershed.warehouse.connection import connect
from watershed.warehouse.publish import Publication

log = logging.getLogger(__name__)

PATIENCE_S = 2.0  # that a publish waits for the receiver; the thread may go on
PAUSE_S = 60.0  # that a receiver is left alone after it failed: nobody shall wait for it batch after batch
VARIABLES = ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE__TRANSPORT")
EVENT = "SELECT event_json FROM ledger.lineage_events WHERE snapshot_id = ?"

silent_until = 0.0


def publish(publication: Publication) -> int:
    """As `watershed.warehouse.publish.publish`, with the event. A receiver that fails never fails the publish."""
    snapshot = protocol.publish(replace(publication, event=prepare_quietly(publication)))
    if is_wanted():
        sender = Thread(target=send_quietly, args=(snapshot,), name="openlineage", daemon=True)
        sender.start()
        sender.join(PATIENCE_S)
        if sender.is_alive():
            leave_alone()
    return snapshot


def prepare_quietly(publication: Publication) -> Callable[[int], str] | None:
    """What spells the event. It must never be why something is not published: what cannot be told is logged."""
    try:
        spell = prepare_event(publication, load_settings().bucket).spell
        spell(0)
    except Exception:
        log.exception("the publish of %s is not told in OpenLineage", publication.subject)
        return None
    return spell


def is_wanted() -> bool:
    """Whether the environment names a receiver that is not to be left alone at the moment."""
    is_named = any(name.startswith(VARIABLES) for name in os.environ)
    return is_named and os.environ.get("OPENLINEAGE_DISABLED", "").lower() != "true" and time.monotonic() > silent_until


def leave_alone() -> None:
    global silent_until
    silent_until = time.monotonic() + PAUSE_S


def send_quietly(snapshot: int) -> None:
    """In a thread of its own: a receiver that is away is tried several times, which takes the client ten seconds."""
    try:
        resend_event(snapshot)
    except Exception as error:
        leave_alone()
        what = str(error).splitlines()[0] if str(error) else type(error).__name__
        log.warning(
            "the OpenLineage event of snapshot %s was not sent (%s): `watershed lineage --resend %s`",
            snapshot, what, snapshot,
        )  # fmt: skip


def resend_event(snapshot: int) -> str:
    """Send the event of a snapshot as the ledger has it: a START and the COMPLETE, as OpenLineage wants a run told.

    Returns the job's name. Raises NotFound where there is no such event, and whatever the client raises.
    """
    with closing(connect(read_only=True)) as con:
        row = con.execute(EVENT, [snapshot]).fetchone()
    if row is None:
        raise NotFound(f"the ledger has no OpenLineage event of snapshot {snapshot}: `watershed ledger` lists them")
    event = json.loads(row[0])
    for state in ("START", event["eventType"]):
        open_client().emit(compose_event(event | {"eventType": state}))
    return str(event["job"]["name"])


@cache
def open_client() -> Any:
    from openlineage.client import OpenLineageClient

    return OpenLineageClient()


def compose_event(told: dict[str, Any]) -> Any:
    """The client's own event of one that was kept as JSON; facets stay as they are."""
    from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState

    return RunEvent(
        eventType=RunState(told["eventType"]),
        eventTime=told["eventTime"],
        producer=told["producer"],
        run=Run(**told["run"]),
        job=Job(**told["job"]),
        inputs=[InputDataset(**one) for one in told["inputs"]],
        outputs=[OutputDataset(**one) for one in told["outputs"]],
    )
