"""Which items a page shows where it cannot show all: the worst, the doubtful and typical ones."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Ints

WORST, DOUBTFUL = 0.6, 0.2
"""Shares of the places that go to what is worst and to what is nearest its threshold; the rest is drawn by content."""


class Cap(NamedTuple):
    """What a page shows of what there is, and the share of affected tokens that this covers."""

    shown: int
    total: int
    share: float

    @property
    def left(self) -> int:
        """How many are not shown."""
        return self.total - self.shown


def chosen(stake: Ints, doubt: NDArray[np.float64], order: NDArray[np.bytes_], limit: int) -> Ints:
    """Choose items: most at stake first, then the most doubtful, then a sample by content ids, as good as random.

    >>> order = np.array([b"c", b"a", b"b", b"d", b"e"])
    >>> chosen(np.array([1, 9, 8, 7, 2]), np.array([0, 0, 0, 0, 1.0]), order, 5).tolist()
    [1, 2, 3, 4, 0]
    """
    if len(stake) <= limit:
        return np.argsort(-stake, kind="stable")
    taken = np.zeros(len(stake), np.bool_)
    found = []
    places = (round(limit * WORST), round(limit * DOUBTFUL), limit)
    ranks = (np.lexsort((order, -stake)), np.lexsort((order, -doubt)), np.argsort(order, kind="stable"))
    for count, ranked in zip(places, ranks, strict=True):
        picked = ranked[~taken[ranked]][: min(count, limit - int(taken.sum()))]
        taken[picked] = True
        found.append(picked)
    return np.concatenate(found)


def spread(similarity: NDArray[np.float64], order: NDArray[np.bytes_], limit: int) -> Ints:
    """Choose members of a group: the most alike, the least alike, and some between by content; most alike first.

    >>> spread(np.array([0.9, 0.8, 0.95, 0.85]), np.array([b"a", b"b", b"c", b"d"]), 3).tolist()
    [2, 0, 1]
    """
    if len(similarity) <= limit:
        return np.argsort(-similarity, kind="stable")
    ranked = np.lexsort((order, -similarity))
    ends = (limit + 2) // 3
    middle = ranked[ends:-ends]
    between = middle[np.argsort(order[middle], kind="stable")][: limit - 2 * ends]
    kept = np.concatenate([ranked[:ends], between, ranked[-ends:]])
    return kept[np.argsort(-similarity[kept], kind="stable")]
