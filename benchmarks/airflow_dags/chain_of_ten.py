"""Ten tasks in a row that do nothing: what is left is the cost of Airflow itself."""

from airflow.sdk import chain, dag, task


@dag(schedule=None, catchup=False, max_active_runs=1, tags=["benchmark"], doc_md=__doc__)
def chain_of_ten() -> None:
    @task
    def rest() -> None:
        """Nothing."""

    chain(*(rest.override(task_id=f"rest_{number}")() for number in range(10)))


chain_of_ten()
