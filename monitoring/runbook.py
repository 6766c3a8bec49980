"""What docs/on_call.md says of a rule, for who looks at the cockpit instead."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from monitoring.rules import RULES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "on_call.md"
SECTION = re.compile(r"^### (\w+)\n(.*?)(?=^##)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")


@dataclass(frozen=True)
class Advice:
    """What an alert means and what to do, in plain sentences without markup."""

    means: str
    do: str


@cache
def read_runbook() -> dict[str, Advice]:
    """By rule; what the rule itself says where the page was not installed."""
    sections = dict(SECTION.findall(PAGE.read_text())) if PAGE.exists() else {}
    return {name: split_section(sections.get(name, f"**Means** {rule.meaning}")) for name, rule in RULES.items()}


def split_section(text: str) -> Advice:
    means, _, do = strip_markup(text).partition("Do ")
    return Advice(means.removeprefix("Means ").strip(), do.strip())


def strip_markup(text: str) -> str:
    plain = LINK.sub(r"\1", text).replace("**", "").replace("`", "").replace("*", "")
    return " ".join(plain.split())
