"""Sorting by indexes, which are small numbers."""

import numpy as np


def sort_places(index: np.ndarray) -> np.ndarray:
    """The order that sorts indexes from 0 on, equal ones staying as they are.

    One or two passes of numpy's radix sort, which there is for 16 bits only: ten times as fast as comparing.
    """
    order = np.argsort((index & 0xFFFF).astype(np.uint16), kind="stable")
    if len(index) and index.max() > 0xFFFF:
        order = order[np.argsort((index >> 16).astype(np.uint16)[order], kind="stable")]
    return order
