"""The card of a version, as Markdown: what it is, what it was made from, how good it is and where it is of no use; and
the curves of its training, as one picture."""

import io
import json
import math
from collections.abc import Iterator
from typing import Any

from models.recommender.progress import Point
from watershed.models.outcomes import Document
from watershed.models.registry import Version

CARD = """\
# {name}, version {number}

Which films a user would take to next, learned from what all users took: rated, or watched for five minutes at least.
When it was trained: **{state}**, because {reason}. What it is now: `watershed models`.

| | |
|---|---|
| Kind and hyper-parameters | `{config}` |
| Seed | {seed} |
| Trained | {trained_at:%Y-%m-%d %H:%M:%S} UTC, run `{run_id}` |
| Data | core.ratings and core.watch_minutes at snapshot {snapshot}: {interactions:,} interactions |
| Split | each user's last interaction is the test, the one before it the validation; no weight has seen a test |
| Compared with | {parent} |
| Code | commit {commit}, SHA-256 `{code}` |
| Features | SHA-256 `{features}` |
| Libraries | {libraries} |
| Weights | `{weights}`, SHA-256 `{sha256}` |

## How good it is

The test: {users:,} users, each of whose last film is ranked among all films that the user had not seen. In brackets:
95 % of 1,000 bootstrap samples of the users.

{metrics}

By how much is known of a user (new: 1 interaction in training, light: 2 to 9, heavy: more), NDCG@10:

{groups}

{by_time}

What was tried, on the validation:

{candidates}

What is in closed form has no epochs; these are of the winner, if it has some, or else of another candidate:

![Loss and metric by epoch](curves.png)

## Limits

- It knows the films of its training data. A newer film is not recommended before the next version.
- A user without a history gets what most people take at the time.
- It learns from what people could see. What was recommended is watched more often, and so is recommended again.
- A watched minute says that a player fetched it, not that somebody liked it, and a low rating counts as interest.
- The figures say how often the very next film was among ten, with the users of this data. They do not say how useful
  the other nine were.

Rebuild it, and compare: `watershed reproduce {number}`.
"""


def write_card(version: Version) -> str:
    """The card as it is when the version is published."""
    metrics, models = version.metrics, dict(list_models(version))
    return CARD.format(
        name=version.model_name,
        number=version.model_version,
        state=version.state,
        reason=version.reason,
        config=version.config_json,
        seed=version.seed,
        trained_at=version.trained_at,
        run_id=version.run_id,
        snapshot=version.data_snapshot_id,
        interactions=version.row_count,
        parent="nothing, it is the first" if version.parent_version is None else f"version {version.parent_version}",
        commit=version.code_commit or "unknown",
        code=version.code_sha256,
        features=version.features_sha256,
        libraries=", ".join(f"{name} {what}" for name, what in json.loads(version.libraries_json).items()),
        weights=version.weights_uri,
        sha256=version.weights_sha256,
        users=metrics["users"],
        metrics=format_metrics(models),
        groups=format_groups(models),
        by_time=format_by_time(metrics.get("by_time")),
        candidates=format_metrics(metrics.get("validation", {})),
    )


def list_models(version: Version) -> Iterator[tuple[str, Document]]:
    """Who was judged on the test, by the name in tables."""
    metrics = version.metrics
    baselines = metrics.get("baselines", {})
    yield "this version", metrics
    if champion := baselines.get("champion"):
        yield f"version {champion['version']}, champion until then", champion
    if popularity := baselines.get("popularity"):
        yield "popularity", popularity


def format_metrics(models: dict[str, Document]) -> str:
    rows = [[name, spell(found["hr_at_10"]), spell(found["ndcg_at_10"])] for name, found in models.items()]
    return format_table(["", "HR@10", "NDCG@10"], rows)


def format_groups(models: dict[str, Document]) -> str:
    rows = []
    for group, own in next(iter(models.values())).get("groups", {}).items():
        found = (one["groups"].get(group, {}).get("ndcg_at_10") for one in models.values())
        rows.append([group, f"{own['users']:,}", *map(spell, found)])
    return format_table(["", "users", *models], rows)


def format_by_time(found: dict[str, Any] | None) -> str:
    if not found:
        return "There was too little before and after a moment to separate past and future."
    return (
        "All of these learned from what others did later, as in published results. Trained on what was before "
        f"{found['moment']} only, and judged by what {found['users']:,} users took first from then on (which decides "
        "nothing):\n\n"
        + format_metrics({"the same kind and config": found, "popularity": found["popularity"]})
    )


def spell(metric: dict[str, float] | None) -> str:
    return f"{metric['value']:.4f} ({metric['low']:.4f} to {metric['high']:.4f})" if metric else "-"


def format_table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def draw_curves(curve: list[Point], title: str) -> bytes:
    """A PNG: the loss to the left, NDCG@10 on what was held out to the right, where either is known."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=10)
    panels = (
        ("Loss", [(point.epoch, point.loss) for point in curve if math.isfinite(point.loss)], "tab:blue"),
        ("NDCG@10, held out", [(p.epoch, p.metric) for p in curve if p.metric is not None], "tab:green"),
    )
    for axes, (name, points, colour) in zip(figure.subplots(1, 2), panels, strict=True):
        axes.set(xlabel="Epoch", ylabel=name)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.3)
        axes.xaxis.get_major_locator().set_params(integer=True)
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", markersize=3, color=colour)
            axes.annotate(f"{points[-1][1]:.4g}", points[-1], xytext=(0, 6), textcoords="offset points", ha="right")
        else:
            axes.text(0.5, 0.5, "in closed form: no epochs", transform=axes.transAxes, ha="center", color="gray")
    content = io.BytesIO()
    figure.savefig(content, dpi=110, metadata={"Software": None})
    return content.getvalue()
