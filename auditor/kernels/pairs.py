"""Groups of samples that exact similarity ties together, and what each sample would be dropped for."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Hashes, Ints
from auditor.kernels.reference import pairs as plain
from auditor.kernels.sketch import Sets

try:
    from auditor.kernels.native import pairs as native
except ImportError:
    native = None  # type: ignore[assignment]

COMPILED = native is not None
kernel = native if COMPILED else plain


class Corpus(NamedTuple):
    """Samples to relate, numbered by preference: of two that are alike the lower number is kept.

    ``narrow`` holds the shingles of each conversation, ``wide`` those of its system text too (an empty set: there is
    none, so the narrow one stands); ``system`` tells system texts apart; ``lanes`` are the low bytes of the
    signatures, shape (samples, permutations); ``place`` says which sets each sample has (None: its own number).
    """

    narrow: Sets
    wide: Sets
    system: Hashes
    lanes: NDArray[np.uint8]
    place: Ints | None = None


class Band(NamedTuple):
    """The buckets of one band: samples bucket after bucket, lowest number first, and where each bucket begins."""

    rows: NDArray[np.int32]
    starts: Ints


class Related(NamedTuple):
    """What was found: each sample's group (its lowest number) and keeper (itself if it stays).

    ``ends``, ``common`` and ``jaccard`` describe every pair that was verified and reached the floor.
    """

    group: NDArray[np.int32]
    keeper: NDArray[np.int32]
    ends: NDArray[np.int32]
    common: Ints
    jaccard: NDArray[np.float64]


class Levels(NamedTuple):
    """Similarities from which a pair ties a group, lets one of the two go, and is written down at all."""

    tie: float
    drop: float
    floor: float


def buckets(keys: Hashes, order: Ints) -> Band:
    """Return the buckets of one band that hold more than one sample; sample ``i`` has the key ``keys[order[i]]``.

    >>> [part.tolist() for part in buckets(np.array([9, 5, 9, 7], np.uint64) << 60, np.arange(4))]
    [[0, 2], [0, 2]]
    """
    if len(order) and (order.min() < 0 or order.max() >= len(keys)):
        raise ValueError("the order names a key that is not there")
    rows, starts = np.empty(len(order), np.int32), np.empty(len(order) // 2 + 1, np.int64)
    groups, held = kernel.buckets(keys, order, rows, starts)
    starts[groups] = held
    return Band(rows[:held].copy(), starts[: groups + 1].copy())


def relate(corpus: Corpus, bands: list[Band], levels: Levels, least: int | None = None) -> Related:
    """Verify pairs that share a bucket.

    Work is linear in the size of a bucket: a newcomer meets each group there once, by those of its latest members
    whose sketches agree most, and in at least so many values (by default as many as pairs that tie nearly always do).
    """
    for rows, starts in bands:
        if len(starts) and (starts[-1] > len(rows) or (np.diff(starts) < 0).any()):
            raise ValueError("buckets must rise and stay inside the rows")
        if len(rows) and (rows.min() < 0 or rows.max() >= len(corpus.system)):
            raise ValueError("a bucket names a sample that is not there")
    place = np.arange(len(corpus.system)) if corpus.place is None else corpus.place
    if len(place) and (place.min() < 0 or place.max() >= min(len(sets.offsets) for sets in corpus[:2]) - 1):
        raise ValueError("a sample's sets are not there")
    bounds = [(sets.values, sets.offsets[:-1][place], sets.offsets[1:][place]) for sets in corpus[:2]]
    sets = (*bounds[0], *bounds[1])
    least = least_agreement(levels.tie, corpus.lanes.shape[1]) if least is None else least
    found = kernel.relate(*sets, corpus.system, corpus.lanes, bands, *levels, least)
    return Related(*found)


def least_agreement(threshold: float, permutations: int) -> int:
    """Return how many values of two signatures agree at least in all but one of 10,000 pairs at the threshold.

    >>> least_agreement(0.8, 128)
    85
    """
    spread = (permutations * threshold * (1 - threshold)) ** 0.5
    return max(0, int(permutations * threshold - 3.72 * spread))
