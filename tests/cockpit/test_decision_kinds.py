"""Every kind of decision has words of its own on the list of decisions."""

from typing import get_args

import pytest

from watershed.cockpit.guards import Rights
from watershed.cockpit.rendering import ENVIRONMENT
from watershed.flows.decisions.decide import Kind
from watershed.warehouse.ledger.history import utc_now


@pytest.mark.parametrize("count", [None, 1])
@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_decision_is_listed_in_words(kind: str, count: int | None) -> None:
    told = {"kind": kind, "subject": "core.users", "about": "", "reason": "as agreed", "decided_by": "ada"}
    told |= {"decided_at": utc_now(), "decision_id": "d1", "row_count": count, "rows_written": count}
    told |= {"rows_quarantined": count, "done_in": count}
    page = ENVIRONMENT.get_template("quarantine_decisions.html")
    shown = page.render(decisions=[told], subject="", rights=Rights(), root="", size=20, decisions_page=1)
    assert "core.users" in shown and ("1 row " in shown or count is None or kind == "leave")
