"""Shingles of token hashes: MinHash signatures by datasketch's affine32 scheme, and sorted sets."""

import itertools

import numpy as np

from auditor.kernels.flat import Hashes, Ints, Lanes

SHINGLE_STEP = np.uint64(0xD6E8FEB86659FD93)
BAND_STEP = np.uint64(0x9E3779B97F4A7C15)


def mix(values: Hashes) -> Hashes:
    """Spread every input bit over all output bits."""
    for step in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        values = (values ^ (values >> np.uint64(33))) * np.uint64(step)
    return values ^ (values >> np.uint64(33))


def fmix32(values: Lanes) -> Lanes:
    """Mix 32-bit values as datasketch does before it permutes them."""
    values = (values ^ (values >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    values = (values ^ (values >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return values ^ (values >> np.uint32(16))


def shingles(hashes: Hashes, size: int) -> Hashes:
    """Hash every run of ``size`` neighbouring token hashes."""
    count = max(0, len(hashes) - size + 1)
    value = np.zeros(count, np.uint64)
    for place in range(size):
        value = value * SHINGLE_STEP + hashes[place : place + count]
    return mix(value)


def signatures(hashes: Hashes, bounds: Ints, size: int, a: Lanes, b: Lanes, out: Lanes) -> None:
    """Fold the shingles of each text into its row of ``out``, which starts at all ones."""
    for row, (start, end) in enumerate(itertools.pairwise(bounds)):
        values = fmix32(shingles(hashes[start:end], size).astype(np.uint32))
        for at in range(0, len(values), 4096):
            block = values[at : at + 4096, None] * a + b
            np.minimum(out[row], block.min(axis=0), out=out[row])


def shingle_sets(hashes: Hashes, bounds: Ints, size: int, out: Hashes, ends: Ints) -> None:
    """Write each text's sorted distinct shingles one after the other; ``ends`` takes where each set stops."""
    at = 0
    for row, (start, end) in enumerate(itertools.pairwise(bounds)):
        found = np.unique(shingles(hashes[start:end], size))
        out[at : at + len(found)] = found
        at += len(found)
        ends[row] = at


def band_keys(signatures: Lanes, rows: int, out: Hashes) -> None:
    """Hash each band of ``rows`` signature values; ``out`` has a row for each band."""
    for band in range(len(out)):
        key = np.full(len(signatures), band, np.uint64)
        for lane in range(band * rows, band * rows + rows):
            key = (key ^ signatures[:, lane].astype(np.uint64)) * BAND_STEP
            key ^= key >> np.uint64(32)
        out[band] = mix(key)


def taken(values: Hashes, offsets: Ints, places: Ints, out: Hashes, ends: Ints, at: int) -> int:
    """Copy sets to ``out`` from ``at`` on; returns where the last one ends, or -1: one is not there, or out of room."""
    for index, place in enumerate(places.tolist()):
        if index >= len(ends) or not 0 <= place < len(offsets) - 1:
            return -1
        first, last = offsets[place : place + 2].tolist()
        if not 0 <= first <= last <= len(values) or at + last - first > len(out):
            return -1
        out[at : at + last - first] = values[first:last]
        at += last - first
        ends[index] = at
    return at


def united(left: Hashes, lefts: Ints, right: Hashes, rights: Ints, out: Hashes, ends: Ints) -> None:
    """Unite two sorted sets for each text."""
    at = 0
    for row in range(len(ends)):
        both = np.union1d(left[lefts[row] : lefts[row + 1]], right[rights[row] : rights[row + 1]])
        out[at : at + len(both)] = both
        at += len(both)
        ends[row] = at
