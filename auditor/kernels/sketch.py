"""Sketches of texts: MinHash signatures and shingle sets from token hashes."""

from collections.abc import Iterable
from functools import lru_cache
from random import Random
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


def taken(parts: Iterable[tuple[Sets, Ints]], room: int, count: int) -> Sets:
    """Take some of the sets of each part, in the order given, and put them one after the other.

    ``count`` is how many are taken of all parts together, ``room`` how many shingles they have.

    >>> held = Sets(np.array([5, 6, 7], np.uint64), np.array([0, 1, 3]))
    >>> taken([(held, np.array([1, 0])), (held, np.array([0]))], 4, 3).values.tolist()
    [6, 7, 5, 5]
    """
    out, offsets = np.empty(room, np.uint64), np.zeros(count + 1, np.int64)
    row, at = 1, 0
    for sets, places in parts:
        at = kernel.taken(*sets, places, out, offsets[row:], at)
        if at < 0:
            raise ValueError("these sets are not there, or more than said")
        row += len(places)
    return Sets(out[:at], offsets[:row])


@lru_cache
def permutations(count: int = PERMUTATIONS) -> tuple[Lanes, Lanes]:
    """Return the multipliers and summands that ``datasketch.MinHash(count)`` draws with its default seed, 1.

    They come from a Mersenne Twister, seeded as its authors do for a single number; Python has the same generator,
    and ``numpy.random`` takes long to load.
    """
    state = [1]
    for index in range(1, 624):
        state.append((1812433253 * (state[-1] ^ state[-1] >> 30) + index) & 0xFFFFFFFF)
    draw = Random()  # noqa: S311  (no secret)
    draw.setstate((3, (*state, 624), None))
    a, b = ([draw.getrandbits(32) for _ in range(count)] for _ in range(2))
    return np.array([(value & 0x7FFFFFFF) * 2 + 1 for value in a], np.uint32), np.array(b, np.uint32)


def signatures(hashes: Hashes, bounds: Ints, size: int, into: Lanes | None = None) -> Lanes:
    """Sketch each text's shingles of ``size`` tokens; shape (texts, PERMUTATIONS), equal to datasketch's affine32.

    They are folded ``into`` signatures of other texts, if given, which so become those of both together.
    """
    out = np.full((len(bounds) - 1, PERMUTATIONS), EMPTY, np.uint32) if into is None else into
    if len(out) != len(bounds) - 1:
        raise ValueError("signatures must be of the same texts")
    kernel.signatures(*_checked(hashes, bounds), size, *permutations(out.shape[1]), out)
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
