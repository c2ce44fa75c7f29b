"""More verified pairs than the grouping itself needs, so that other thresholds and keepers can be judged later."""

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Ints
from auditor.kernels.pairs import Band, Corpus, Levels, Related, relate

SMALL = 16
"""Rows of a group up to which every pair of it is verified."""

RUNGS = (0.85, 0.9, 0.95)
"""Thresholds at which larger groups are related once more: stricter ones need pairs that looser ones pass over."""

NEVER = 2.0
"""A similarity that nothing reaches: every sample meets every other of its bucket."""


def climbed(corpus: Corpus, bands: list[Band], levels: Levels, *, exact: bool = False) -> Related:
    """Verify pairs at the threshold, at the looser one from which rows are shown together, and at stricter ones.

    A relation verifies of a group only what it needs to know that rows belong to it, so each threshold needs its own;
    within small groups every pair is verified.
    """
    floor = levels.floor
    parts = [relate(corpus, bands, Levels(levels.drop, levels.drop, floor), exact=exact)]
    if levels.tie < levels.drop:
        parts.append(relate(corpus, bands, Levels(levels.tie, levels.tie, floor), exact=exact))
    group = parts[-1].group
    sizes = np.bincount(group, minlength=len(group))[group]
    small = np.flatnonzero((sizes > 2) & (sizes <= SMALL))
    if len(small):
        parts.append(relate(corpus, [together(group, small)], Levels(NEVER, NEVER, floor), exact=True))
    large = sizes > SMALL
    if large.any():
        held = [within(band, large) for band in bands]
        parts += [relate(corpus, held, Levels(rung, rung, floor)) for rung in RUNGS if rung > levels.drop]
    ends, common, jaccard = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("ends", "common", "jaccard")
    )
    return Related(group, parts[0].keeper, ends, common, jaccard)


def together(group: NDArray[np.int32], samples: Ints) -> Band:
    """Put samples into one bucket for each group.

    >>> band = together(np.array([0, 1, 0, 1, 0], np.int32), np.array([0, 1, 2, 3, 4]))
    >>> band.rows.tolist(), band.starts.tolist()
    ([0, 2, 4, 1, 3], [0, 3, 5])
    """
    order = samples[np.argsort(group[samples], kind="stable")]
    fresh = np.flatnonzero(np.diff(group[order], prepend=-1))
    return Band(order.astype(np.int32), np.append(fresh, len(order)))


def within(band: Band, wanted: NDArray[np.bool_]) -> Band:
    """Keep the wanted samples of a band's buckets.

    >>> held = within(Band(np.array([0, 3, 1, 2], np.int32), np.array([0, 2, 4])), np.array([1, 0, 1, 1], bool))
    >>> held.rows.tolist(), held.starts.tolist()
    ([0, 3, 2], [0, 2, 3])
    """
    kept = wanted[band.rows]
    starts = np.concatenate([[0], np.cumsum(kept)])[band.starts]
    return Band(band.rows[kept], starts, band.places[kept[: len(band.places)]])
