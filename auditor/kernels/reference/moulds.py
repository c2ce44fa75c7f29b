"""Shared shingles, texts that share many, and what stands between: the same as the kernels, in Python and numpy."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Bytes, Hashes, Ints, Lanes
from auditor.kernels.reference.fine import CUT, END

Numbers = NDArray[np.int32]

_MASK = 0xFFFFFFFFFFFFFFFF
_STEP = 0xD6E8FEB86659FD93
_ONE, _TWO = 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53
TURNS = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD1342543DE82EF95)
"""Multipliers that turn one hash into four."""


def _mix(value: int) -> int:
    value = ((value ^ (value >> 33)) * _ONE) & _MASK
    value = ((value ^ (value >> 33)) * _TWO) & _MASK
    return value ^ (value >> 33)


def shingle(tokens: list[int]) -> int:
    """Hash the tokens of a shingle; 0 where they are not of one turn, or not neighbours in it."""
    if END in tokens[:-1] or CUT in tokens:
        return 0
    value = 0
    for token in tokens[:-1]:
        value = ((value + token) * _STEP) & _MASK
    return _mix((value + tokens[-1]) & _MASK) or 1


def _shingles(tokens: Lanes, bounds: Ints, size: int) -> Iterator[tuple[int, int, int]]:
    """Yield text, place and hash of every shingle."""
    held = tokens.tolist()
    for text, (first, last) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)):
        for at in range(first, last - size + 1):
            found = shingle(held[at : at + size])
            if found:
                yield text, at, found


def survey(tokens: Lanes, bounds: Ints, size: int, table: Bytes, keys: Lanes) -> None:
    """Count shingles by the low bits of their hashes, up to 255, and sketch every text by its least values."""
    for text, _, value in _shingles(tokens, bounds, size):
        slot = value & (len(table) - 1)
        table[slot] += table[slot] < 255
        for k, turn in enumerate(TURNS):
            keys[text, k] = min(int(keys[text, k]), ((value * turn) & _MASK) >> 32)


def crowded(  # noqa: PLR0913, PLR0917  (the kernel's signature)
    tokens: Lanes, bounds: Ints, size: int, table: Bytes, least: int, values: Hashes, texts: Numbers
) -> int:
    """Write the shingles whose count reaches ``least``, with their texts; returns how many there are in all."""
    n = 0
    for text, _, value in _shingles(tokens, bounds, size):
        if table[value & (len(table) - 1)] >= least:
            if n < len(values):
                values[n], texts[n] = value, text
            n += 1
    return n


def spread(starts: Ints, texts: Numbers, keys: Lanes, out: NDArray[np.float64]) -> None:
    """Estimate how many unlike texts each shingle is found in: those with the same least values count once."""
    bins = ((keys.astype(np.uint64) * np.uint64(0x9E3779B1)) & np.uint64(0xFFFFFFFF)) >> np.uint64(24)
    for s in range(len(starts) - 1):
        held = bins[texts[starts[s] : starts[s + 1]]]
        out[s] = sum(len(np.unique(lane)) for lane in held.T) / keys.shape[1]


def tally(chosen: Numbers, starts: Ints, shingles: Numbers, counts: Numbers, weight: int) -> None:
    """Add ``weight`` to the count of every shingle of the chosen texts."""
    for text in chosen.tolist():
        counts[shingles[starts[text] : starts[text + 1]]] += weight


def closure(  # noqa: PLR0913, PLR0917  (the kernel's signature)
    posting: Numbers, alive: Bytes, starts: Ints, shingles: Numbers, share: float, counts: Numbers, found: Numbers
) -> tuple[int, int]:
    """Find the shingles that most living texts of a posting have; returns how many, and how many texts live."""
    living = posting[alive[posting] > 0]
    tally(living, starts, shingles, counts, 1)
    held = np.flatnonzero((counts > 0) & (counts >= share * len(living)))
    found[: len(held)] = held
    counts[:] = 0
    return len(held), len(living)


def _place(value: int, slots: Hashes) -> int:
    at = (((value * TURNS[0]) & _MASK) >> 20) & (len(slots) - 1)
    while slots[at] and slots[at] != value:
        at = (at + 1) & (len(slots) - 1)
    return at


def table_of(values: Hashes, slots: Hashes, numbers: Numbers) -> None:
    """Fill an open table with distinct hashes and their places among ``values``."""
    for number, value in enumerate(values.tolist()):
        at = _place(value, slots)
        slots[at], numbers[at] = value, number


def pour(  # noqa: PLR0913, PLR0917  (the kernel's signature)
    tokens: Lanes, sizes: Bytes, bounds: Ints, size: int, slots: Hashes, numbers: Numbers, starts: Ints,
    owners: Numbers, need: Numbers, marks: Numbers, hits: Numbers, best: Numbers, score: Numbers, covered: Ints,
    whole: Ints,
) -> None:  # fmt: skip
    """Find the template that most shingles of each text belong to, and how many characters they cover."""
    del marks, hits
    found: list[list[tuple[int, int]]] = [[] for _ in range(len(bounds) - 1)]
    for text, at, value in _shingles(tokens, bounds, size):
        slot = _place(value, slots)
        if slots[slot]:
            found[text].append((at, int(numbers[slot])))
    for text, held in enumerate(found):
        mine = [owners[starts[s] : starts[s + 1]] for s in {s for _, s in held}]
        counts = np.bincount(np.concatenate([np.zeros(0, np.int32), *mine]), minlength=len(need))
        fitting = np.flatnonzero((counts >= need) & (counts > 0))
        best[text] = fitting[np.argmax(counts[fitting])] if len(fitting) else -1
        score[text] = counts[best[text]] if len(fitting) else 0
        hit = np.zeros(bounds[text + 1] - bounds[text], np.bool_)
        for at, s in held:
            if best[text] in owners[starts[s] : starts[s + 1]]:
                hit[at - bounds[text] : at - bounds[text] + size] = True
        own = sizes[bounds[text] : bounds[text + 1]].astype(np.int64)
        covered[text], whole[text] = int(own[hit].sum()), int(own.sum())


def gaps(  # noqa: PLR0913, PLR0917  (the kernel's signature)
    tokens: Lanes, bounds: Ints, size: int, chosen: Numbers, slots: Hashes, numbers: Numbers, runs: Numbers, out: Ints,
    hashes: Hashes,
) -> int:  # fmt: skip
    """Write what stands between the covered runs of chosen texts: (text, slot, start, end) in tokens, and its hash."""
    n = 0
    for text in chosen.tolist():
        own = tokens[bounds[text] : bounds[text + 1]]
        until, run = 0, -1
        stops: list[tuple[int, int]] = []
        for _, at, value in _shingles(own, np.array([0, len(own)], np.int64), size):
            slot = _place(value, slots)
            if slots[slot]:
                stops.append((at, int(runs[numbers[slot]])))
        for at, after in [*stops, (len(own), -1)]:
            if at > until and n < len(out):
                out[n] = (text, run + 1, until, at)
                hashes[n] = _filler(own[until:at].tolist())
                n += 1
            until = max(until, at + size)
            run = max(run, after)
    return n


def _filler(tokens: list[int]) -> int:
    value = 0
    for token in tokens:
        value = _mix(((value + token) * _STEP) & _MASK)
    return value
