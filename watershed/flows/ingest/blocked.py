"""A publish that is blocked is an alert: nothing else shows that nothing is published."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from watershed.flows.begun import Run
from watershed.flows.ingest.refuse import PublishBlocked
from watershed.warehouse.alerts import raise_alert
from watershed.warehouse.publish import BooksUnbalanced

RULES = {BooksUnbalanced: "books_unbalanced", PublishBlocked: "publish_blocked"}

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


def alert_when_blocked(
    publish: Callable[Concatenate[Run, Asked], Answer],
) -> Callable[Concatenate[Run, Asked], Answer]:
    """Have a function that publishes a run write an alert before it raises what blocks it."""

    @wraps(publish)
    def publish_or_alert(run: Run, *args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
        try:
            return publish(run, *args, **kwargs)
        except tuple(RULES) as error:
            with suppress(Exception):  # the error itself says more than why it could not be told
                raise_alert(RULES[type(error)], run.source.name, str(error))
            raise

    return publish_or_alert
