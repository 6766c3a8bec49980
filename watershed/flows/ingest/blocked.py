"""A publish that is blocked is an alert: nothing else shows that nothing is published."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from watershed.flows.ingest.refuse import PublishBlocked
from watershed.warehouse.alerts import raise_alert
from watershed.warehouse.publish import BooksUnbalanced

RULES = {BooksUnbalanced: "books_unbalanced", PublishBlocked: "publish_blocked"}

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


def alert_when_blocked(
    publish: Callable[Concatenate[str, Asked], Answer],
) -> Callable[Concatenate[str, Asked], Answer]:
    """Have a function that publishes the source named first write an alert before it raises what blocks it."""

    @wraps(publish)
    def publish_or_alert(source_name: str, *args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
        try:
            return publish(source_name, *args, **kwargs)
        except tuple(RULES) as error:
            with suppress(Exception):  # the error itself says more than why it could not be told
                raise_alert(RULES[type(error)], source_name, str(error))
            raise

    return publish_or_alert
