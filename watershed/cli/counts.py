"""How a step and what it counted look on a terminal: one line a step, and more below it where they do not fit."""

from dataclasses import asdict, is_dataclass
from typing import Any

from watershed.cli.listing import print_wrapped, read_width

BELOW = " " * 6


def print_step(name: str, state: str, seconds: float | None, counts: Any) -> None:
    took = f"{seconds:6.1f} s" if seconds is not None else " " * 8
    line, told = f"  {name:<28} {state:<8} {took}", format_counts(counts)
    if len(line) + 2 + len(told) <= read_width():
        print(f"{line}  {told}".rstrip(), flush=True)
        return
    print(line.rstrip(), flush=True)
    print_wrapped(told, BELOW)


def format_counts(counts: Any) -> str:
    """`{"requests": {"rows": 9999, "days": [...]}, "snapshot": 4}` -> `requests: 9,999 rows, 4 days; snapshot 4`."""
    if is_dataclass(counts) and not isinstance(counts, type):
        counts = asdict(counts)
    if not isinstance(counts, dict):
        return ""
    nested = {name: format_flat(value) for name, value in counts.items() if isinstance(value, dict)}
    flat = format_flat({name: value for name, value in counts.items() if name not in nested})
    return "; ".join([*(f"{name}: {text}" for name, text in nested.items() if text), *([flat] if flat else [])])


def format_flat(counts: dict[str, Any]) -> str:
    return ", ".join(part for name, value in counts.items() if (part := format_count(name, value)))


def format_count(name: str, value: Any) -> str:
    if isinstance(value, list):
        if not value:
            return ""
        value = len(value)
    if isinstance(value, dict):
        return f"{name} ({format_flat(value)})" if value else ""
    if name in ("snapshot", "input_snapshot", "day", "version"):
        return f"{name.replace('_', ' ')} {value}" if value is not None else ""
    if not isinstance(value, int) or isinstance(value, bool):
        return ""
    return f"{value:,} {name.removesuffix('s') if value == 1 else name}"
