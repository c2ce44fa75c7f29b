"""Groups and keepers from verified pairs alone: the same pairs give the same answer at any threshold."""

from typing import NamedTuple

import numpy as np

from auditor.kernels.flat import Ints
from auditor.kernels.order import ordered
from auditor.relations.connected import Edges, components, keepers
from auditor.relations.neighbours import Neighbours


class Cut(NamedTuple):
    """Where verified pairs are cut: similarities from which they tie a group, and let one of the two rows go.

    ``contained`` is the share of the row that goes which must be found in the row that stays.
    """

    tie: float
    drop: float
    contained: float = 0.0


def decided(found: Neighbours, rank: Ints, cut: Cut) -> Neighbours:
    """Group rows and choose keepers by verified pairs; of two rows that are alike the one of lower rank is kept.

    A row goes only for a kept row that it was verified against, the one most like it.
    """
    paired = np.zeros(len(rank), np.bool_)
    paired[found.pairs] = True
    rows = np.flatnonzero(paired)
    order = rows[ordered(rank[rows])]
    place = np.empty(len(rank), np.int64)
    place[order] = np.arange(len(order))
    first, second = place[found.pairs[:, 0]], place[found.pairs[:, 1]]
    low, high = np.minimum(first, second), np.maximum(first, second)
    tied = found.jaccard >= cut.tie
    lowest = components(len(order), np.stack([low[tied], high[tied]], axis=1))
    crowded = np.bincount(lowest, minlength=len(order))[lowest] > 1
    group, keeper = np.full(len(rank), -1, np.int64), np.arange(len(rank), dtype=np.int64)
    group[order[crowded]] = order[lowest[crowded]]
    chosen = np.flatnonzero(found.jaccard >= cut.drop)
    contained = np.where(first > second, *found.contained.T)
    chosen = chosen[contained[chosen] >= cut.contained]
    keeper[order] = order[keepers(len(order), Edges(low[chosen], high[chosen], found.jaccard[chosen]))]
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
    order = ordered(ends[:, 0], ends[:, 1])
    return found._replace(pairs=ends[order], jaccard=found.jaccard[order], contained=contained[order])
