"""What is worth another try: trouble with a server is, bad data and bad settings are not."""

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception=["watershed.settings.SettingsMissing", "builtins.LookupError"],
            action=RetryAction.FAIL,
            reason="A setting or a name is wrong: repair it, then clear the task",
        ),
        RetryRule(
            exception=["builtins.ConnectionError", "builtins.TimeoutError"],
            action=RetryAction.RETRY,
            retry_delay=timedelta(seconds=5),
            reason="A server did not answer",
        ),
        RetryRule(
            exception=["builtins.ValueError", "builtins.TypeError", "builtins.AssertionError"],
            action=RetryAction.FAIL,
            reason="The same data would fail again",
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
