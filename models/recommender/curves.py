"""Loss and metric by epoch, as one picture."""

import io
import math

from models.recommender.checkpoints import Point


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
