"""The rule that decides whether a trained model answers from now on. Written down here and nowhere else.

A model is refused when fewer than LEAST_USERS users could be judged; when its NDCG@10 is below popularity's; when it is
worse than the champion beyond doubt, which is when the 95 % interval of the difference of NDCG@10 over the same users
lies wholly below zero. In all other cases it becomes the champion: what is as good and newer knows newer films.
"""

from collections.abc import Mapping
from dataclasses import dataclass

LEAST_USERS = 20


@dataclass(frozen=True)
class Judgement:
    """The `state` of ml.models that a trained model gets, champion or refused, and why, in one sentence."""

    state: str
    reason: str

    @property
    def is_promoted(self) -> bool:
        return self.state == "champion"


def judge(
    users: int, ndcg: float, popularity: float, champion: int | None, difference: Mapping[str, float] | None
) -> Judgement:
    """Apply the rule. `users`: how many were judged; `ndcg` and `popularity`: NDCG@10 of the model and the baseline.

    `champion`: its version, None for the first model. `difference`: `value`, `low` and `high` of the model's NDCG@10
    minus the champion's. What is no number is refused.
    """
    if users < LEAST_USERS:
        return refuse(f"only {users} users could be judged, and {LEAST_USERS} are the least: wait for more data")
    if not ndcg >= popularity:
        return refuse(f"its NDCG@10 of {ndcg:.4f} is below popularity's {popularity:.4f}")
    if champion is None or difference is None:
        return Judgement("champion", f"it is the first; its NDCG@10 is {ndcg:.4f}, popularity's {popularity:.4f}")
    interval = f"{difference['value']:+.4f} ({difference['low']:+.4f} to {difference['high']:+.4f})"
    if not difference["high"] >= 0:
        return refuse(f"it is worse than version {champion}: the difference of NDCG@10 is {interval}")
    return Judgement("champion", f"it is not worse than version {champion}: the difference of NDCG@10 is {interval}")


def refuse(why: str) -> Judgement:
    return Judgement("refused", why)
