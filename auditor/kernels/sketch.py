"""Sketches of texts: MinHash signatures and shingle sets from token hashes."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from auditor.kernels.flat import Hashes, Ints, Lanes

try:
    from auditor.kernels.native import sketch as kernel
except ImportError:
    from auditor.kernels.reference import sketch as kernel  # type: ignore[no-redef]

COMPILED = "native" in kernel.__name__

PERMUTATIONS = 128
"""Values in a signature; its estimate of a similarity J is off by sqrt(J (1 - J) / 128), 0.035 at J = 0.8."""

EMPTY = 0xFFFFFFFF
"""Every value of the signature of a text without shingles, as in datasketch."""


class Sets(NamedTuple):
    """Sorted distinct shingles of many texts: those of text ``i`` are ``values[offsets[i]:offsets[i + 1]]``."""

    values: Hashes
    offsets: Ints


def taken(parts: Sequence[tuple[Sets, Ints]]) -> Sets:
    """Take some of the sets of each part, in the order given, and put them one after the other.

    >>> held = Sets(np.array([5, 6, 7], np.uint64), np.array([0, 1, 3]))
    >>> taken([(held, np.array([1, 0])), (held, np.array([0]))]).values.tolist()
    [6, 7, 5, 5]
    """
    for sets, places in parts:
        _checked(*sets)
        if len(places) and (places.min() < 0 or places.max() >= len(sets.offsets) - 1):
            raise ValueError("places name sets that are not there")
    sizes = [int((sets.offsets[places + 1] - sets.offsets[places]).sum()) for sets, places in parts]
    out, offsets = np.empty(sum(sizes), np.uint64), np.zeros(sum(len(places) for _, places in parts) + 1, np.int64)
    row, at = 1, 0
    for sets, places in parts:
        at = kernel.taken(*sets, places, out, offsets[row : row + len(places)], at)
        row += len(places)
    return Sets(out, offsets)


@lru_cache
def permutations(count: int = PERMUTATIONS) -> tuple[Lanes, Lanes]:
    """Return the multipliers and summands that ``datasketch.MinHash(count)`` draws with its default seed."""
    draw = np.random.RandomState(1)
    a = draw.randint(0, 1 << 31, count, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return a, draw.randint(0, 1 << 32, count, dtype=np.uint32)


def signatures(hashes: Hashes, bounds: Ints, size: int, count: int = PERMUTATIONS) -> Lanes:
    """Sketch each text's shingles of ``size`` tokens; shape (texts, count), equal to datasketch's affine32."""
    out = np.full((len(bounds) - 1, count), EMPTY, np.uint32)
    kernel.signatures(*_checked(hashes, bounds), size, *permutations(count), out)
    return out


def shingle_sets(hashes: Hashes, bounds: Ints, size: int) -> Sets:
    """Collect each text's distinct shingles of ``size`` tokens, sorted."""
    room = int(np.maximum(np.diff(bounds) - size + 1, 0).sum())
    out, offsets = np.empty(room, np.uint64), np.zeros(len(bounds), np.int64)
    kernel.shingle_sets(*_checked(hashes, bounds), size, out, offsets[1:])
    return Sets(out[: offsets[-1]], offsets)


def united(left: Sets, right: Sets) -> Sets:
    """Unite two sets for each text."""
    if len(left.offsets) != len(right.offsets):
        raise ValueError("sets must be of the same texts")
    out = np.empty(len(left.values) + len(right.values), np.uint64)
    offsets = np.zeros(len(left.offsets), np.int64)
    kernel.united(*_checked(*left), *_checked(*right), out, offsets[1:])
    return Sets(out[: offsets[-1]], offsets)


def band_keys(sketch: Lanes, bands: int, rows: int) -> Hashes:
    """Hash the first ``bands * rows`` values of each signature band by band; shape (bands, texts)."""
    if bands * rows > sketch.shape[1]:
        raise ValueError(f"{bands} bands of {rows} need more than the {sketch.shape[1]} values of a signature")
    out = np.empty((bands, len(sketch)), np.uint64)
    kernel.band_keys(np.ascontiguousarray(sketch), rows, out)
    return out


def _checked(hashes: Hashes, bounds: Ints) -> tuple[Hashes, Ints]:
    if bounds[0] < 0 or bounds[-1] > len(hashes) or (np.diff(bounds) < 0).any():
        raise ValueError("bounds must rise and stay inside the hashes")
    return hashes, bounds
