"""Groups and keepers from verified pairs alone: the same pairs give the same answer at any threshold."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Ints
from auditor.kernels.pairs import Band, tied
from auditor.relations.neighbours import Neighbours

ROUNDS = 64
"""Rounds in which all rows that can be decided are decided at once; what is left is decided row by row."""


class Cut(NamedTuple):
    """Where verified pairs are cut: similarities from which they tie a group, and let one of the two rows go.

    ``contained`` is the share of the row that goes which must be found in the row that stays.
    """

    tie: float
    drop: float
    contained: float = 0.0


class Edges(NamedTuple):
    """Pairs by preference: ``low`` is preferred to ``high``, which may go for it."""

    low: Ints
    high: Ints
    jaccard: NDArray[np.float64]


def decided(found: Neighbours, rank: Ints, cut: Cut) -> Neighbours:
    """Group rows and choose keepers by verified pairs; of two rows that are alike the one of lower rank is kept.

    A row goes only for a kept row that it was verified against, the one most like it.
    """
    order = np.argsort(rank, kind="stable")
    place = np.empty(len(rank), np.int64)
    place[order] = np.arange(len(rank))
    ends = place[found.pairs]
    lowest = components(len(rank), ends[found.jaccard >= cut.tie])
    crowded = np.bincount(lowest, minlength=len(rank))[lowest] > 1
    group = np.full(len(rank), -1, np.int64)
    group[order[crowded]] = order[lowest[crowded]]
    later = np.argmax(ends, axis=1) if len(ends) else np.zeros(0, np.int64)
    held = found.contained[np.arange(len(ends)), later]
    chosen = (found.jaccard >= cut.drop) & (held >= cut.contained)
    edges = Edges(ends.min(axis=1)[chosen], ends.max(axis=1)[chosen], found.jaccard[chosen])
    keeper = np.empty(len(rank), np.int64)
    keeper[order] = order[keepers(len(rank), edges)]
    return found._replace(group=group, keeper=keeper)


def moved(found: Neighbours, to: Ints) -> Neighbours:
    """Let other rows stand in pairs: row ``i`` is replaced by ``to[i]``; no two rows by the same one.

    >>> none = np.zeros(0, np.int64)
    >>> held = Neighbours(none, none, np.array([[0, 1]]), np.array([0.9]), np.array([[0.8, 1.0]]))
    >>> moved(held, np.array([2, 1, 2])).pairs.tolist(), moved(held, np.array([2, 1, 2])).contained.tolist()
    ([[1, 2]], [[1.0, 0.8]])
    """
    ends, contained = to[found.pairs], found.contained.copy()
    swap = ends[:, 0] > ends[:, 1]
    ends[swap], contained[swap] = ends[swap, ::-1], contained[swap, ::-1]
    order = np.lexsort((ends[:, 1], ends[:, 0]))
    return found._replace(pairs=ends[order], jaccard=found.jaccard[order], contained=contained[order])


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
    best = np.lexsort((low, -jaccard, high))
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
    order = np.argsort(high, kind="stable")
    low, high = low[order], high[order]
    firsts = np.flatnonzero(np.diff(high, prepend=-1))
    for row, lows in zip(high[firsts].tolist(), np.split(low, firsts[1:]), strict=False):
        stays[row] = not stays[lows].any()
    return stays
