"""Near duplicates: bands of MinHash propose, exact Jaccard decides."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Hashes, Ints
from auditor.kernels.pairs import Band, Corpus, Levels, Related, buckets, relate
from auditor.kernels.sketch import Sets
from auditor.relations.ladder import completed

FLOOR = 0.5
"""Verified pairs below this similarity are not kept: too far apart to matter at any threshold."""


class Sketches(NamedTuple):
    """The sketches of the rows to relate: keys of each band, shape (rows, bands), and low bytes of signatures."""

    keys: Hashes
    lanes: NDArray[np.uint8]
    system: Hashes


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


def neighbours(sketches: Sketches, rank: Ints, sets: Callable[[Ints], tuple[Sets, Sets]], levels: Levels) -> Neighbours:
    """Relate rows; of two that are alike enough to let one go, the one of lower rank is kept.

    ``sets`` returns the shingles of rows (given in rising order): of the conversation, and with the system text.
    """
    rows = len(rank)
    order = np.argsort(rank, kind="stable")
    bands = [buckets(np.ascontiguousarray(keys), order) for keys in sketches.keys.T]
    place, bands = compressed(bands, rows)
    chosen = order[place]
    candidates = np.sort(chosen)
    narrow, wide = sets(candidates)
    held = np.searchsorted(candidates, chosen)
    corpus = Corpus(narrow, wide, sketches.system[chosen], sketches.lanes[chosen], held)
    found = completed(corpus, bands, relate(corpus, bands, levels), levels)
    return _of_rows(found, chosen, rows, np.diff(narrow.offsets)[held])


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


def _of_rows(found: Related, chosen: Ints, rows: int, sizes: Ints) -> Neighbours:
    """Translate from samples numbered by preference back to rows."""
    keeper = np.arange(rows, dtype=np.int64)
    keeper[chosen] = chosen[found.keeper]
    group = np.full(rows, -1, np.int64)
    crowded = np.bincount(found.group, minlength=len(chosen))[found.group] > 1 if len(chosen) else np.zeros(0, bool)
    group[chosen[crowded]] = chosen[found.group[crowded]]
    pairs = chosen[found.ends]
    contained = found.common[:, None] / sizes[found.ends]
    swap = pairs[:, 0] > pairs[:, 1]
    pairs[swap], contained[swap] = pairs[swap, ::-1], contained[swap, ::-1]
    keys, first = np.unique((pairs[:, 0] << 32) | pairs[:, 1], return_index=True)
    ends = np.stack([keys >> 32, keys & 0xFFFFFFFF], axis=1)
    return Neighbours(group, keeper, ends, found.jaccard[first], contained[first])
