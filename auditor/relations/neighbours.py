"""Near duplicates: bands of MinHash propose, exact Jaccard decides."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Ints
from auditor.kernels.order import ordered
from auditor.kernels.pairs import Band, tied

FLOOR = 0.5
"""Verified pairs below this similarity are not kept: too far apart to matter at any threshold."""

CROWD = 64
"""Samples of one bucket up to which a newcomer meets every group there; of more, rare shingles propose pairs."""


class Neighbours(NamedTuple):
    """Near duplicates among the given rows: group (-1: none), keeper, and the pairs that were verified.

    ``pairs`` has two rows for each pair; ``contained`` says which share of each is found in the other.
    """

    group: Ints
    keeper: Ints
    pairs: Ints
    jaccard: NDArray[np.float64]
    contained: NDArray[np.float64]

    def likeness(self, rows: Ints, others: Ints) -> "Likeness":
        """Look pairs of rows up among those verified; NaN where a pair was not."""
        keys = (self.pairs[:, 0] << 32) | self.pairs[:, 1]
        wanted = (np.minimum(rows, others) << 32) | np.maximum(rows, others)
        at = np.minimum(np.searchsorted(keys, wanted), max(0, len(keys) - 1))
        hit = keys[at] == wanted if len(keys) else np.zeros(len(rows), bool)
        jaccard, contained, covers = (np.full(len(rows), np.nan) for _ in range(3))
        found = at[hit]
        turned = rows[hit] > others[hit]
        jaccard[hit] = self.jaccard[found]
        contained[hit] = np.where(turned, self.contained[found, 1], self.contained[found, 0])
        covers[hit] = np.where(turned, self.contained[found, 0], self.contained[found, 1])
        return Likeness(jaccard, contained, covers)

    def best(self) -> NDArray[np.float64]:
        """Return each row's similarity to the row most alike it (0: to none)."""
        found = np.zeros(len(self.group))
        for side in range(2):
            np.maximum.at(found, self.pairs[:, side], self.jaccard)
        return found


class Likeness(NamedTuple):
    """How alike rows are to others: Jaccard, share of the row found in the other, share of the other found in it."""

    jaccard: NDArray[np.float64]
    contained: NDArray[np.float64]
    covers: NDArray[np.float64]


def compressed(bands: list[Band], rows: int) -> tuple[Ints, list[Band]]:
    """Number the rows that share a bucket with another from 0, in their order; return which they are, and the bands.

    >>> place, bands = compressed([Band(np.array([1, 5], np.int32), np.array([0, 2]))], 6)
    >>> place.tolist(), bands[0].rows.tolist()
    ([1, 5], [0, 1])
    """
    hit = np.zeros(rows, bool)
    for band in bands:
        hit[band.rows] = True
    number = (np.cumsum(hit) - 1).astype(np.int32)
    return np.flatnonzero(hit), [Band(number[band.rows], band.starts) for band in bands]


class Share(NamedTuple):
    """Samples that buckets tie to nobody outside, and the buckets of every band, which number them from 0."""

    samples: Ints
    bands: list[Band]


def shares(bands: list[Band], weights: Ints, most: int) -> Iterator[Share]:
    """Cut samples into shares that can be related apart from one another.

    What buckets tie together, directly or through others, stays together; a share weighs ``most`` unless such a whole
    weighs more by itself. The heaviest come first. Samples keep their order in each.

    >>> bands = [Band(np.array([0, 2, 1, 3], np.int32), np.array([0, 2, 4]))]
    >>> [share.samples.tolist() for share in shares(bands, np.ones(4, np.int64), 2)]
    [[0, 2], [1, 3]]
    """
    if not len(weights):
        return
    lowest = tied(bands, len(weights))
    heavy = np.bincount(lowest, weights, minlength=len(weights)).astype(np.int64)
    number = _renumbered((np.cumsum(heavy) - heavy) // max(1, most))[lowest]
    order = ordered(number)
    last = int(number.max()) + 1
    ends = np.searchsorted(number[order], np.arange(last + 1))
    place = np.empty(len(weights), np.int32)
    place[order] = np.arange(len(weights)) - ends[number[order]]
    parts = [_parts(band, number, place, last) for band in bands]
    bounds = list(pairwise(ends.tolist()))
    for share in ordered(-np.bincount(number, weights, minlength=last)).tolist():
        yield Share(order[slice(*bounds[share])], [part[share] for part in parts])


def uncrowded(bands: list[Band]) -> tuple[list[Band], Ints]:
    """Take buckets of more than ``CROWD`` samples out of bands; return what is left, and the samples of those."""
    left, taken = [], [np.zeros(0, np.int32)]
    for band in bands:
        sizes = np.diff(band.starts)
        small = np.repeat(sizes <= CROWD, sizes)
        left.append(Band(band.rows[small], np.concatenate([[0], np.cumsum(sizes[sizes <= CROWD])])))
        taken.append(band.rows[~small])
    return left, np.unique(np.concatenate(taken)).astype(np.int64)


def _renumbered(values: Ints) -> NDArray[np.uint16]:
    """Number rising values from 0 without gaps (from the last number on, all alike)."""
    fresh = np.diff(values, prepend=values[:1]) > 0
    return np.minimum(np.cumsum(fresh), 65535).astype(np.uint16)


def _parts(band: Band, number: NDArray[np.uint16], place: NDArray[np.int32], last: int) -> list[Band]:
    """Cut a band's buckets by the shares that their samples belong to."""
    sizes = np.diff(band.starts)
    of_bucket = number[band.rows[band.starts[:-1]]] if len(sizes) else number[:0]
    order = ordered(of_bucket)
    rows = place[band.rows[ordered(number[band.rows])]]
    starts = np.concatenate([[0], np.cumsum(sizes[order])])
    bounds = np.searchsorted(of_bucket[order], np.arange(last + 1)).tolist()
    return [
        Band(rows[starts[first] : starts[end]], starts[first : end + 1] - starts[first])
        for first, end in pairwise(bounds)
    ]


def distinct(pairs: Ints) -> Ints:
    """Return where each of several pairs (lower row first) stands, once each, in rising order."""
    keys = (pairs[:, 0] << 32) | pairs[:, 1]
    order = ordered(keys)
    held = keys[order]
    return order[np.diff(held, prepend=-1) != 0] if len(held) else order
