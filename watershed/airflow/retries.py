"""What is worth another try: what is unavailable is, and what a user has to mend is not.

Errors of ours say which they are (watershed/errors.py). Of others only those of a connection are known to pass; a
defect has the tries that every task has.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception="watershed.errors.UserError",
            action=RetryAction.FAIL,
            reason="The same would fail again: repair what the message says, then clear the task",
        ),
        RetryRule(
            exception=["watershed.errors.Unavailable", "builtins.ConnectionError", "builtins.TimeoutError"],
            action=RetryAction.RETRY,
            retry_delay=timedelta(seconds=5),
            reason="Something is unavailable at the moment",
        ),
    ]
)


def describe_tasks(owner: str) -> dict[str, Any]:
    """The `default_args` of every DAG here."""
    return {
        "owner": owner,
        "retries": 2,
        "retry_delay": timedelta(seconds=15),
        "retry_exponential_backoff": 2.0,
        "retry_policy": POLICY,
        "execution_timeout": timedelta(hours=2),
    }
