"""Which failures are tried again."""

import pytest

from watershed.airflow.retries import POLICY
from watershed.settings import SettingsMissing


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (ConnectionError("the catalogue does not answer"), "retry"),
        (TimeoutError("no answer"), "retry"),
        (SettingsMissing("WATERSHED_BUCKET is not set"), "fail"),
        (LookupError("there is no table"), "fail"),
        (ValueError("bad data"), "fail"),
        (OSError("disk full"), "default"),
        (RuntimeError("who knows"), "default"),
    ],
)
def test_policy(error: Exception, action: str) -> None:
    assert POLICY.evaluate(error, try_number=1, max_tries=2).action.value == action
