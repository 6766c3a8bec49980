"""What Airflow's database knows of tasks, for the cockpit's page Health."""

from datetime import UTC, datetime, timedelta

from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import or_, select

from watershed.cockpit.questions.health import HOURS, TaskRun, list_whole_dags

MOST = 5000  # the latest


def list_tasks() -> list[TaskRun]:
    """The tries that began within a day, of the DAGs that have steps."""
    task = TaskInstance
    columns = (task.dag_id, task.task_id, task.state, task.start_date, task.duration, task.queued_dttm)
    stepped = or_(task.dag_id.like("ingest\\_%", escape="\\"), task.dag_id.in_(list_whole_dags()))
    since = datetime.now(UTC) - timedelta(hours=HOURS)
    query = select(*columns).where(task.start_date >= since, stepped).order_by(task.start_date.desc()).limit(MOST)
    with create_session() as session:
        found = session.execute(query).all()
    return [
        TaskRun(dag, name, str(state or "running"), began.replace(tzinfo=None), seconds, measure(queued, began))
        for dag, name, state, began, seconds, queued in found
        if began is not None
    ]


def measure(queued: datetime | None, began: datetime) -> float | None:
    return None if queued is None else max(0.0, (began - queued).total_seconds())
