"""Groups of samples that exact similarity ties together, and what each sample would be dropped for."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Hashes, Ints
from auditor.kernels.sketch import Sets

try:
    from auditor.kernels.native import pairs as kernel
except ImportError:
    from auditor.kernels.reference import pairs as kernel  # type: ignore[no-redef]

COMPILED = "native" in kernel.__name__


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
    """The buckets of one band: samples bucket after bucket, lowest number first, and where each bucket begins.

    ``places`` says where the shingle that a bucket shares stands in each sample's prefix (empty: at its beginning).
    """

    rows: NDArray[np.int32]
    starts: Ints
    places: NDArray[np.int32] = np.empty(0, np.int32)


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

    >>> [part.tolist() for part in buckets(np.array([9, 5, 9, 7], np.uint64) << 60, np.arange(4))[:2]]
    [[0, 2], [0, 2]]
    """
    if len(order) and (order.min() < 0 or order.max() >= len(keys)):
        raise ValueError("the order names a key that is not there")
    rows, starts = np.empty(len(order), np.int32), np.empty(len(order) // 2 + 1, np.int64)
    groups, held = kernel.buckets(keys, order, rows, starts)
    starts[groups] = held
    return Band(rows[:held].copy(), starts[: groups + 1].copy())


def tied(bands: list[Band], samples: int) -> NDArray[np.int32]:
    """Return, for each sample, the lowest one that buckets tie it to, directly or through others.

    >>> first, second = (Band(np.array(rows, np.int32), np.array([0, 2])) for rows in ([1, 3], [0, 3]))
    >>> tied([first, second], 4)
    array([0, 0, 2, 0], dtype=int32)
    """
    lowest = np.arange(samples, dtype=np.int32)
    for band in bands:
        checked(band, samples)
        kernel.join(band.rows, band.starts, lowest)
    while (lowest[lowest] != lowest).any():
        lowest = lowest[lowest]
    return lowest


class Prefixes(NamedTuple):
    """The rarest shingles of samples that others have too: a key for each, whose it is, and its place among them."""

    keys: Hashes
    samples: NDArray[np.int32]
    places: NDArray[np.int32]


def tallied(parts: Iterable[Hashes], number: int) -> NDArray[np.uint16]:
    """Count shingles, of which there are ``number``, in a table; two that share a place are counted together."""
    counts = np.zeros(1 << min(27, max(10, number.bit_length() + 1)), np.uint16)
    for values in parts:
        kernel.tally(values, counts)
    return counts


def prefixes(sets: Sets, place: Ints, counts: NDArray[np.uint16], least: float) -> Prefixes:
    """Return the prefixes of samples; sample ``i`` has the set ``place[i]``."""
    if len(place) and (place.min() < 0 or place.max() >= len(sets.offsets) - 1):
        raise ValueError("a sample's sets are not there")
    starts, ends = sets.offsets[:-1][place], sets.offsets[1:][place]
    sizes = ends - starts
    room = int((sizes - np.ceil(least * sizes - 1e-9).astype(np.int64) + 1).sum())
    found = Prefixes(np.empty(room, np.uint64), np.empty(room, np.int32), np.empty(room, np.int32))
    held = kernel.prefixes(sets.values, starts, ends, least, counts, *found)
    return Prefixes(found.keys[:held], found.samples[:held], found.places[:held])


def prefixed(found: Prefixes) -> Band:
    """Return buckets of samples whose rarest shingles have one in common.

    No two samples at least as alike as their prefixes were cut for are missed (prefix filter: Chaudhuri et al., ICDE
    2006; Bayardo et al., WWW 2007), and what is common to all, as in rows of one template, proposes nobody.

    >>> sets = Sets((np.array([1, 2, 3, 1, 2, 4, 1, 5, 6]) * 65537).astype(np.uint64), np.array([0, 3, 6, 9]))
    >>> prefixed(prefixes(sets, np.arange(3), tallied([sets.values], 9), 0.5)).rows.tolist()
    [0, 1]
    """
    band = buckets(found.keys, np.arange(len(found.keys)))
    return Band(found.samples[band.rows], band.starts, found.places[band.rows])


def checked(band: Band, samples: int) -> None:
    """Refuse buckets that fall, leave the rows, or name a sample that is not there: what a kernel may not be given."""
    rows, starts, places = band
    if len(places) not in (0, len(rows)):
        raise ValueError("every row of a bucket needs a place")
    if len(starts) and (starts[0] < 0 or starts[-1] > len(rows) or (np.diff(starts) < 0).any()):
        raise ValueError("buckets must rise and stay inside the rows")
    if len(rows) and (rows.min() < 0 or rows.max() >= samples):
        raise ValueError("a bucket names a sample that is not there")


def relate(corpus: Corpus, bands: list[Band], levels: Levels, *, exact: bool = False) -> Related:
    """Verify pairs that share a bucket.

    Work is linear in the size of a bucket: a newcomer meets each group there once, by those of its latest members
    whose sketches agree most. With ``exact`` it meets every sample there that it is not tied to yet.
    """
    for band in bands:
        checked(band, len(corpus.system))
    place = np.arange(len(corpus.system)) if corpus.place is None else corpus.place
    if len(place) and (place.min() < 0 or place.max() >= min(len(sets.offsets) for sets in corpus[:2]) - 1):
        raise ValueError("a sample's sets are not there")
    bounds = [(sets.values, sets.offsets[:-1][place], sets.offsets[1:][place]) for sets in corpus[:2]]
    sets = (*bounds[0], *bounds[1])
    least = least_agreement(min(levels.tie, 1.0), corpus.lanes.shape[1])
    found = kernel.relate(*sets, corpus.system, corpus.lanes, bands, *levels, least, exact)
    return Related(*found)


def least_agreement(threshold: float, permutations: int) -> int:
    """Return how many values of two signatures agree at least in all but one of 10,000 pairs at the threshold.

    >>> least_agreement(0.8, 128)
    85
    """
    spread = (permutations * threshold * (1 - threshold)) ** 0.5
    return max(0, int(permutations * threshold - 3.72 * spread))
