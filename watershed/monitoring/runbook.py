"""What docs/on_call.md says of a rule, for who looks at the cockpit instead."""

import re
from dataclasses import dataclass
from functools import cache

from watershed.monitoring.rules import RULES
from watershed.project import find_project

PAGE = "docs/on_call.md"  # of the project
SECTION = re.compile(r"^### (\w+)\n(.*?)(?=^##)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")


@dataclass(frozen=True)
class Advice:
    """What an alert means and what to do, in plain sentences; commands are between backticks."""

    means: str
    do: str


@cache
def read_runbook() -> dict[str, Advice]:
    """By rule; what the rule itself says where the project has no such page."""
    page = find_project() / PAGE
    sections = dict(SECTION.findall(page.read_text())) if page.exists() else {}
    return {name: split_section(sections.get(name, f"**Means** {rule.meaning}")) for name, rule in RULES.items()}


def split_section(text: str) -> Advice:
    means, _, do = strip_markup(text).partition("Do ")
    return Advice(means.removeprefix("Means ").strip(), do.strip())


def strip_markup(text: str) -> str:
    plain = LINK.sub(r"\1", text).replace("**", "").replace("*", "")
    return " ".join(plain.split())
