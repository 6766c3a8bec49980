"""Runbooks: a DAG file's docstring says what to do, and whose it is; how to reach them the declared owner says."""

import re

from watershed.declarations.owners import find_owner

OWNER = re.compile(r"^\*\*Owner\*\* (\S+)$", re.MULTILINE)


def complete_runbook(text: str | None) -> str:
    """For `doc_md=` of a DAG: its docstring, with links to the owner behind the name."""
    return OWNER.sub(lambda found: f"{found[0]}{format_ways(found[1])}", text or "")


def format_ways(name: str) -> str:
    """` ([team@company.example](mailto:...), [chat](https://...))`; nothing where nobody has declared who that is."""
    owner = find_owner(name)
    links = ", ".join(f"[{word}]({link})" for word, link in owner.ways.items()) if owner else ""
    return links and f" ({links})"
