"""Every alert has a section that says what it means and what to do, and the cockpit shows the same."""

import re

import pytest

from tests.docs.page import REPOSITORY
from watershed.monitoring.rules import RULES
from watershed.monitoring.runbook import PAGE, read_runbook


def test_every_alert_has_a_section_and_no_other_does() -> None:
    assert set(re.findall(r"^### (\w+)$", (REPOSITORY / PAGE).read_text(), re.MULTILINE)) == set(RULES)


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_section_says_what_it_means_and_what_to_do(name: str) -> None:
    advice = read_runbook()[name]
    assert len(advice.means) > 40
    assert len(advice.do) > 40
    assert not re.search(r"[*\[\]]", advice.means + advice.do)
    assert RULES[name].meaning.endswith(".")
