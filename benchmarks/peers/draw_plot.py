"""Draw the answers of results.json: a panel a question, a bar a section, in seconds per million units."""

import json
import sys

from matplotlib.axes import Axes
from matplotlib.figure import Figure

OURS, OTHERS = "#1f6f8b", "#b8b8b8"


def draw_plot(source: str, target: str) -> None:
    with open(source) as file:  # noqa: PTH123
        answers = json.load(file)["answers"]
    heights = [len(answer["sections"]) + 1 for answer in answers]
    figure = Figure(figsize=(9, 0.45 * sum(heights) + 1), layout="constrained")
    panels = figure.subplots(len(answers), 1, height_ratios=heights, squeeze=False)
    for panel, answer in zip(panels[:, 0], answers, strict=True):
        draw_panel(panel, answer)
    figure.savefig(target, dpi=120, metadata={"Software": None})


def draw_panel(panel: Axes, answer: dict) -> None:
    sections = answer["sections"][::-1]
    values = [section["seconds_per"] for section in sections]
    colors = [OURS if section["name"].startswith("watershed") else OTHERS for section in sections]
    bars = panel.barh([section["name"] for section in sections], values, color=colors)
    panel.bar_label(bars, [f"{value:.3g}" for value in values], padding=3)
    panel.set_title(f"{answer['question']} (seconds per {answer['scale']})", loc="left", fontsize=10)
    if max(values) > 30 * min(values):
        panel.set_xscale("log")
    panel.margins(x=0.12)
    panel.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    draw_plot(sys.argv[1], sys.argv[2])
