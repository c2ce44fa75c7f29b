"""What pairs connect, and which rows stay where one row of each pair may go."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Ints
from auditor.kernels.order import ordered
from auditor.kernels.pairs import Band, tied

ROUNDS = 64
"""Rounds in which all rows that can be decided are decided at once; what is left is decided row by row."""


class Edges(NamedTuple):
    """Pairs by preference: ``low`` is preferred to ``high``, which may go for it."""

    low: Ints
    high: Ints
    jaccard: NDArray[np.float64]


def components(rows: int, ends: Ints) -> Ints:
    """Return the lowest row that pairs tie each row to, directly or through others.

    >>> components(5, np.array([[1, 3], [3, 4]])).tolist()
    [0, 1, 2, 1, 1]
    """
    pairs = Band(ends.ravel().astype(np.int32), np.arange(0, 2 * len(ends) + 1, 2))
    return tied([pairs], rows).astype(np.int64)


def keepers(rows: int, edges: Edges) -> Ints:
    """Return each row's keeper (itself if it stays): a row goes if a row before it that stays is like it.

    >>> chain = Edges(np.array([0, 1]), np.array([1, 2]), np.array([0.9, 0.9]))
    >>> keepers(3, chain).tolist()
    [0, 0, 2]
    """
    stays = staying(rows, edges)
    keeper = np.arange(rows)
    fits = stays[edges.low] & ~stays[edges.high]
    low, high, jaccard = (column[fits] for column in edges)
    best = ordered(high, -jaccard, low)
    first = best[np.diff(high[best], prepend=-1) != 0]
    keeper[high[first]] = low[first]
    return keeper


def staying(rows: int, edges: Edges) -> NDArray[np.bool_]:
    """Tell which rows stay: those without a row before them that stays and is like them."""
    stays = np.ones(rows, np.bool_)
    stays[edges.high] = False
    open_ = ~stays
    low, high = edges.low, edges.high
    for _ in range(ROUNDS):
        if not len(low):
            break
        open_[high[stays[low]]] = False
        left = open_[high] & open_[low]
        free = open_.copy()
        free[high[left]] = False
        stays |= free
        open_ &= ~free
        low, high = (side[open_[high]] for side in (low, high))
    order = ordered(high)
    low, high = low[order], high[order]
    firsts = np.flatnonzero(np.diff(high, prepend=-1))
    for row, lows in zip(high[firsts].tolist(), np.split(low, firsts[1:]), strict=False):
        stays[row] = not stays[lows].any()
    return stays
