"""Which failures are tried again."""

import pytest

from watershed.airflow.retries import POLICY
from watershed.errors import InvalidInput, NoAnswer, NotFound, Unavailable
from watershed.settings import SettingsMissing


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (NoAnswer("the catalogue does not answer"), "retry"),
        (Unavailable("somebody else holds it"), "retry"),
        (ConnectionError("refused"), "retry"),
        (TimeoutError("no answer"), "retry"),
        (SettingsMissing("WATERSHED_BUCKET is not set"), "fail"),
        (NotFound("there is no table"), "fail"),
        (InvalidInput("bad data"), "fail"),
        (KeyError("tables"), "default"),  # a defect is nobody's mistake
        (ValueError("invalid literal"), "default"),
        (OSError("disk full"), "default"),
        (RuntimeError("who knows"), "default"),
    ],
)
def test_policy(error: Exception, action: str) -> None:
    assert POLICY.evaluate(error, try_number=1, max_tries=2).action.value == action
