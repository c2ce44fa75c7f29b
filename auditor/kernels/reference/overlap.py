"""What pairs of samples share, in plain Python: the definition that the compiled kernel is held to."""

from typing import NamedTuple

import numpy as np

from auditor.kernels.flat import Bytes, Hashes, Ints

FRAME = 2


class Side(NamedTuple):
    """One sample of a pair: its tokens, the shingle at each, where its parts begin, and where each shingle is first."""

    hashes: Hashes
    values: Hashes
    parts: list[int]
    narrow: dict[int, int]
    wide: dict[int, int]


def overlap(  # noqa: PLR0913, PLR0917  (the compiled kernel's signature)
    hashes: Hashes,
    values: Hashes,
    parts: Ints,
    pairs: Ints,
    size: int,
    longest: int,  # noqa: ARG001  (only tables need it)
    left: Bytes,
    right: Bytes,
    out: Ints,
) -> int:
    """Fill ``left`` and ``right`` pair after pair, and ``out`` with stretches; return how many of these there are."""
    first = second = found = 0
    for number, pair in enumerate(pairs.tolist()):
        one, two = (_side(hashes, values, parts[at]) for at in pair)
        ends = first + len(one.hashes), second + len(two.hashes)
        left[first : ends[0]], right[second : ends[1]] = _covered(one, two, size), _covered(two, one, size)
        first, second = ends
        for start, end, there in _blocks(one, two, size):
            out[found] = number, start, end, there
            found += 1
    return found


def _side(hashes: Hashes, values: Hashes, parts: Ints) -> Side:
    own, inside = slice(int(parts[0]), int(parts[-1])), (parts - parts[0]).tolist()
    return Side(hashes[own], values[own], inside, _first(values[own][: inside[FRAME]]), _first(values[own]))


def _first(values: Hashes) -> dict[int, int]:
    """Return where each shingle stands first."""
    found = dict(zip(values[::-1].tolist(), range(len(values) - 1, -1, -1), strict=True))
    found.pop(0, None)
    return found


def _covered(here: Side, there: Side, size: int) -> Ints:
    """Tell of every token whether a shingle of the other sample covers it: 1 if so, else 0.

    System texts count only against the whole other sample, as where similarity is measured; parts without shingles
    were compared exactly.
    """
    values, border = here.values.tolist(), here.parts[FRAME]
    hits = [*map(there.narrow.__contains__, values[:border]), *map(there.wide.__contains__, values[border:])]
    covered = np.zeros(len(values), np.int64)
    for at in np.flatnonzero(hits).tolist():
        covered[at : at + size] = 1
    for part in range(3):
        mine, theirs = (slice(*side.parts[part : part + 2]) for side in (here, there))
        if mine.stop - mine.start < size and np.array_equal(here.hashes[mine], there.hashes[theirs]):
            covered[mine] = 1
    return covered


def _blocks(left: Side, right: Side, size: int) -> list[tuple[int, int, int]]:
    """Find stretches of both samples: first token, end, first token there; they do not overlap on the left."""
    found: list[tuple[int, int, int]] = []
    values, other, border = left.values.tolist(), right.values.tolist(), left.parts[FRAME]
    for begin, end, known in ((0, border, right.narrow), (border, left.parts[-1], right.wide)):
        done = begin
        for at in range(begin, end):
            if at < done or values[at] not in known:
                continue
            here = known[values[at]]
            done = at + _common(values[at:end], other[here:])
            start = max(at, found[-1][1]) if found else at
            if start < done + size - 1:
                found.append((start, done + size - 1, here + start - at))
    return found


def _common(one: list[int], other: list[int]) -> int:
    """Count the shingles with which both begin."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b or not a), min(len(one), len(other)))
