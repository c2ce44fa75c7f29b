"""What each text is poured from, and what stands in the gaps: the same as the kernels, in Python and numpy."""

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Bytes, Hashes, Ints, Lanes
from auditor.kernels.reference.shingles import each, place_of
from auditor.kernels.reference.sketch import mix

Numbers = NDArray[np.int32]

_STEP = np.uint64(0xD6E8FEB86659FD93)


def pour(  # noqa: PLR0913, PLR0917  (the kernel's signature)
    tokens: Lanes, sizes: Bytes, bounds: Ints, size: int, slots: Hashes, numbers: Numbers, sieve: Hashes, starts: Ints,
    owners: Numbers, need: Numbers, marks: Numbers, hits: Numbers, spots: Numbers, which: Numbers, mask: Bytes,
    best: Numbers, score: Numbers, covered: Numbers, whole: Numbers,
) -> None:  # fmt: skip
    """Find the template that most shingles of each text belong to, and how many characters they cover."""
    del sieve, marks, hits, spots, which
    found: list[list[tuple[int, int]]] = [[] for _ in range(len(bounds) - 1)]
    for text, at, value in each(tokens, bounds, size):
        slot = place_of(value, slots)
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
        if len(mask):
            mask[bounds[text] : bounds[text + 1]] |= hit


def gaps(  # noqa: PLR0913, PLR0917  (the kernel's signature)
    tokens: Lanes, bounds: Ints, size: int, chosen: Numbers, slots: Hashes, numbers: Numbers, starts: Ints,
    runs: Numbers, out: Ints, hashes: Hashes,
) -> int:  # fmt: skip
    """Write what stands between the covered runs of chosen texts: (text, slot, start, end) in tokens, and its hash."""
    n = 0
    for text in chosen.tolist():
        own = tokens[bounds[text] : bounds[text + 1]]
        until, run = 0, -1
        stops: list[tuple[int, list[int]]] = []
        for _, at, value in each(own, np.array([0, len(own)], np.int64), size):
            slot = place_of(value, slots)
            if slots[slot]:
                stops.append((at, runs[starts[numbers[slot]] : starts[numbers[slot] + 1]].tolist()))
        for at, holders in [*stops, (len(own), [])]:
            if at > until and n < len(out):
                out[n] = (text, run + 1, until, at)
                hashes[n] = _filler(own[until:at].tolist())
                n += 1
            run = next((held for held in holders if held > run or (held == run and at <= until)), run)
            until = max(until, at + size)
    return n


def _filler(tokens: list[int]) -> int:
    value = np.zeros(1, np.uint64)
    for token in tokens:
        value = mix((value + np.uint64(token)) * _STEP)
    return int(value[0])
