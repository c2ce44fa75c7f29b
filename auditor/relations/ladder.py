"""More verified pairs than the grouping itself needs, so that other thresholds and keepers can be judged later."""

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Ints
from auditor.kernels.order import ordered
from auditor.kernels.pairs import Band, Corpus, Levels, Related, relate
from auditor.relations.connected import Edges, components, keepers

SMALL = 16
"""Rows of a group up to which every pair of it is verified."""

RUNGS = (0.85, 0.9, 0.95)
"""Thresholds at which larger groups are related once more: stricter ones need pairs that looser ones pass over."""

MOST = 8
"""Pairs of each sample with others before it that are kept of each kind."""

NEVER = 2.0
"""A similarity that nothing reaches: every sample meets every other of its bucket."""


def climbed(corpus: Corpus, bands: list[Band], levels: Levels, *, exact: bool = False) -> Related:
    """Verify pairs at the threshold, at the looser one from which rows are shown together, and at stricter ones.

    A relation verifies of a group only what it needs to know that rows belong to it, so each threshold needs its own;
    within small groups every pair is verified.
    """
    floor, sizes_of = levels.floor, _sizes(corpus)
    first = [reaching(band, sizes_of, levels.drop) for band in bands]
    parts = [relate(corpus, first, Levels(levels.drop, levels.drop, floor), exact=exact)]
    if levels.tie < levels.drop:
        parts.append(relate(corpus, bands, Levels(levels.tie, levels.tie, floor), exact=exact))
    group = parts[-1].group
    sizes = np.bincount(group, minlength=len(group))[group]
    small = np.flatnonzero((sizes > 2) & (sizes <= SMALL))
    if len(small):
        parts.append(relate(corpus, [together(group, small)], Levels(NEVER, NEVER, floor), exact=True))
    large = sizes > SMALL
    if large.any():
        held = [within(band, large[band.rows]) for band in bands]
        for rung in RUNGS:
            if rung > levels.drop:
                near = [reaching(band, sizes_of, rung) for band in held]
                parts.append(above(relate(corpus, near, Levels(rung, rung, floor)), rung))
    ends, common, jaccard = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("ends", "common", "jaccard")
    )
    kept = needed(len(group), ends, jaccard, levels)
    return Related(group, parts[0].keeper, ends[kept], common[kept], jaccard[kept])


def above(found: Related, least: float) -> Related:
    """Keep the pairs that are at least so much alike."""
    hit = found.jaccard >= least
    return found._replace(ends=found.ends[hit], common=found.common[hit], jaccard=found.jaccard[hit])


def needed(samples: int, ends: NDArray[np.int32], jaccard: NDArray[np.float64], levels: Levels) -> Ints:
    """Return which pairs are worth keeping: a sample of a large group is compared with hundreds of others.

    For each sample these are the most alike and the most preferred before it, its keeper at each threshold of the
    ladder, and what holds its group together.
    """
    low, high = ends.min(axis=1), ends.max(axis=1)
    if len(low) <= MOST:
        return np.arange(len(low))
    kept = firsts(high, ordered(high, -jaccard, low), MOST)
    kept |= firsts(low, ordered(low, -jaccard, high), 1)
    alike = np.flatnonzero(jaccard >= levels.drop)
    kept[alike] |= firsts(high[alike], ordered(high[alike], low[alike]), MOST)
    for level in (levels.drop, *RUNGS):
        over = np.flatnonzero(jaccard >= level)
        keeper = keepers(samples, Edges(low[over].astype(np.int64), high[over].astype(np.int64), jaccard[over]))
        kept[over] |= keeper[high[over]] == low[over]
    tied = np.flatnonzero(jaccard >= levels.tie)
    lowest = components(samples, ends[tied[kept[tied]]].astype(np.int64))
    kept[tied] |= lowest[low[tied]] != lowest[high[tied]]
    return np.flatnonzero(kept)


def firsts(owner: NDArray[np.int32], order: Ints, number: int) -> NDArray[np.bool_]:
    """Tell the first pairs of each owner, in an order that puts an owner's pairs side by side.

    >>> firsts(np.array([0, 1, 0, 0], np.int32), np.array([2, 0, 3, 1]), 2).tolist()
    [True, True, True, False]
    """
    held = owner[order]
    starts = np.flatnonzero(np.diff(held, prepend=-1))
    place = np.arange(len(held)) - np.repeat(starts, np.diff(np.append(starts, len(held))))
    kept = np.zeros(len(owner), np.bool_)
    kept[order[place < number]] = True
    return kept


def together(group: NDArray[np.int32], samples: Ints) -> Band:
    """Put samples into one bucket for each group.

    >>> band = together(np.array([0, 1, 0, 1, 0], np.int32), np.array([0, 1, 2, 3, 4]))
    >>> band.rows.tolist(), band.starts.tolist()
    ([0, 2, 4, 1, 3], [0, 3, 5])
    """
    order = samples[ordered(group[samples])]
    fresh = np.flatnonzero(np.diff(group[order], prepend=-1))
    return Band(order.astype(np.int32), np.append(fresh, len(order)))


def _sizes(corpus: Corpus) -> Ints:
    """Return how many shingles each sample has."""
    sizes = np.diff(corpus.narrow.offsets)
    return sizes if corpus.place is None else sizes[corpus.place]


def reaching(band: Band, sizes: Ints, least: float) -> Band:
    """Leave out of buckets of rare shingles the samples whose shingle stands too far behind for so much likeness."""
    if not len(band.places):
        return band
    held = sizes[band.rows]
    return within(band, held - band.places >= least * held - 1e-9)


def within(band: Band, kept: NDArray[np.bool_]) -> Band:
    """Keep some of the entries of a band's buckets, and no bucket that holds one alone.

    >>> held = within(Band(np.array([0, 3, 1, 2], np.int32), np.array([0, 2, 4])), np.array([1, 0, 1, 1], bool))
    >>> held.rows.tolist(), held.starts.tolist()
    ([1, 2], [0, 2])
    """
    starts = np.concatenate([[0], np.cumsum(kept)])[band.starts]
    sizes = np.diff(starts)
    kept = kept & np.repeat(sizes > 1, np.diff(band.starts))
    places = band.places[kept] if len(band.places) else band.places
    return Band(band.rows[kept], np.concatenate([[0], np.cumsum(sizes[sizes > 1])]), places)
