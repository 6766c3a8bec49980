"""The streams of `make run`: generated events are sent as devices and servers would, and wait to be published.

Photo events go in once, through the DAG that their arrival triggers. Every run sends lines of people who watch films
now, which the consumer that runs beside Airflow publishes within seconds.
"""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sample.demo import DAYS, ROWS, SEED, generate_sample
from sample.generate.photo_events import make_photo_events
from sample.generate.watch_events import make_watch_events
from watershed.cli.dag_runs import PATIENCE_S, Report, follow, wait_for_marts
from watershed.declarations import find_stream
from watershed.errors import RunFailed
from watershed.settings import load_kafka, topic_name
from watershed.stack.airflow_api import AirflowApi
from watershed.synthetic.producer import produce
from watershed.warehouse.connection import connect
from watershed.warehouse.ledger.history import read_positions

WATCH_LINES = 3000
WATCHED_S = 120


def run_streams(api: AirflowApi, report: Report) -> None:
    """Send events, wait until all are published and the nightly DAGs have seen them. Raises RuntimeError."""
    folder = generate_sample()
    send_photo_events(folder, report)
    send_watch_events(folder, report)
    wait_for_streams(folder, report)
    follow(api, [api.trigger(dag) for dag in ("ingest_watch_events", "check_parity", "maintain_lake")], report)
    wait_for_marts(api, report)


def send_photo_events(folder: Path, report: Report) -> None:
    """Send the events of the generated accounts' photos, unless the lake has them, and keep their truth."""
    messages, truth = make_photo_events(DAYS, ROWS // 50, SEED)
    truth |= {"messages": len(messages)}
    (folder / "photo_events.json").write_text(json.dumps(truth))
    topic = topic_name(find_stream("photo_events").topic)
    if read_positions(connect(), topic):
        report("photo_events: the events were sent before")
        return
    sent = produce(messages, topic, load_kafka()).count
    report(f"photo_events: {sent} events sent; their arrival starts ingest_photo_events")


def send_watch_events(folder: Path, report: Report) -> None:
    """Send lines of the last two minutes."""
    start = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=WATCHED_S)
    messages, truth = make_watch_events(WATCH_LINES, SEED, start, WATCHED_S)
    truth |= {"prefix": f"watch-{SEED}-{start:%Y%m%dT%H%M%S.%f}-"}
    (folder / "watch_events.json").write_text(json.dumps(truth))
    sent = produce(messages, topic_name(find_stream("watch_events").topic), load_kafka()).count
    report(f"watch_events: {sent} lines of the last {WATCHED_S} s sent")


def wait_for_streams(folder: Path, report: Report) -> None:
    """Until everything sent is published. Raises RuntimeError with what is missing when that takes too long."""
    deadline = time.monotonic() + PATIENCE_S
    while untruths := find_stream_untruths(folder):
        if time.monotonic() > deadline:
            raise RunFailed(f"after {PATIENCE_S} s: {'; '.join(untruths)}; see `watershed stream status`")
        time.sleep(1)
    report("streams: every event is published, once")


def find_stream_untruths(folder: Path) -> list[str]:
    """A sentence for each number of the streams that is not what was sent. Events of photos have no mark of who sent
    them: where others did too, there may be more."""
    con = connect(read_only=True)
    photos, watched = (json.loads((folder / f"{name}.json").read_text()) for name in ("photo_events", "watch_events"))
    prefix = f"starts_with(event_id, '{watched['prefix']}')"
    published = sum(read_positions(con, topic_name(find_stream("photo_events").topic)).values())
    others = max(0, published - photos["messages"])
    quarantined = sum(photos["quarantined"].values())
    expected: dict[str, tuple[int, int]] = {  # from, to
        "SELECT count(*) FROM core.photo_events": (photos["rows"], photos["rows"] + others),
        "SELECT count(*) FROM quarantine.photo_events": (quarantined, quarantined + others),
        "SELECT count(*) FROM core.photos_now": (photos["photos"] - others, photos["photos"] + others),
        **{
            f"SELECT count(*) FROM serve.{table} WHERE {prefix}": (counts["rows"], counts["rows"])
            for table, counts in watched["tables"].items()
        },
    }
    found = {query: con.execute(query).fetchall()[0][0] for query in expected}
    return [
        f"{query} is {found[query]}, not {' to '.join(map(str, sorted({first, last})))}"
        for query, (first, last) in expected.items()
        if not first <= found[query] <= last
    ]
