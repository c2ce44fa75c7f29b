"""Shingles that many texts share, and which texts hold them: the same as the kernels, in Python and numpy."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Bytes, Hashes, Ints, Lanes
from auditor.kernels.reference.fine import CUT, END
from auditor.kernels.reference.sketch import mix

Numbers = NDArray[np.int32]

_MASK = 0xFFFFFFFFFFFFFFFF
_STEP = np.uint64(0xD6E8FEB86659FD93)
TURNS = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD1342543DE82EF95)
"""Multipliers that turn one hash into four."""


def windows(tokens: Lanes, size: int) -> Hashes:
    """Hash every run of ``size`` neighbouring tokens; 0 where they are not of one turn, or not neighbours in it."""
    count = max(0, len(tokens) - size + 1)
    value, apart = np.zeros(count, np.uint64), np.zeros(count, np.bool_)
    for place in range(size):
        held = tokens[place : place + count]
        value = (value if place == 0 else value * _STEP) + held
        apart |= (held == CUT) | ((held == END) if place < size - 1 else False)
    value = mix(value)
    value[value == 0] = 1
    value[apart] = 0
    return value


def each(tokens: Lanes, bounds: Ints, size: int) -> Iterator[tuple[int, int, int]]:
    """Yield text, place and hash of every shingle."""
    for text, (first, last) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)):
        for at, value in enumerate(windows(tokens[first:last], size).tolist(), first):
            if value:
                yield text, at, value


def survey(tokens: Lanes, bounds: Ints, size: int, table: Bytes, keys: Lanes) -> None:
    """Count shingles by the low bits of their hashes, up to 255, and sketch every text by its least values."""
    for text, _, value in each(tokens, bounds, size):
        slot = value & (len(table) - 1)
        table[slot] += table[slot] < 255
        for k, turn in enumerate(TURNS):
            keys[text, k] = min(int(keys[text, k]), ((value * turn) & _MASK) >> 32)


def crowded(  # noqa: PLR0913, PLR0917  (the kernel's signature)
    tokens: Lanes, bounds: Ints, size: int, table: Bytes, least: int, values: Hashes, texts: Numbers, places: Ints
) -> int:
    """Write the shingles whose count reaches ``least``, with their texts and places; returns how many there are."""
    n = 0
    for text, at, value in each(tokens, bounds, size):
        if table[value & (len(table) - 1)] >= least:
            if n < len(values):
                values[n], texts[n], places[n] = value, text, at
            n += 1
    return n


def laid(  # noqa: PLR0913, PLR0917  (the kernel's signature)
    values: Hashes, texts: Numbers, places: Ints, slots: Hashes, numbers: Numbers, last: Numbers, spots: Ints,
    held: Ints, postings: Ints, shingles: Numbers, named: Numbers,
) -> int:  # fmt: skip
    """Number the shingles of texts by an open table, each once a text; returns how many are left."""
    n = 0
    for i, (value, text, at) in enumerate(zip(values.tolist(), texts.tolist(), places.tolist(), strict=True)):
        s = named[i] = int(numbers[place_of(value, slots)])
        if last[s] == text:
            continue
        if last[s] < 0:
            spots[s] = at
        last[s] = text
        held[text] += 1
        postings[s] += 1
        shingles[n] = s
        n += 1
    return n


def followed(named: Numbers, texts: Numbers, places: Ints, behind: Numbers, times: Ints, whole: Ints) -> None:
    """Find the shingle that stands right behind each at most places, how often it does, and how often each is there."""
    next_to = np.append((texts[1:] == texts[:-1]) & (places[1:] == places[:-1] + 1), [False] * min(1, len(named)))
    then = np.where(next_to, np.append(named[1:], named[:1]), -1)
    for s, t in zip(named.tolist(), then.tolist(), strict=True):
        behind[s] = t if times[s] == 0 else behind[s]
        times[s] += 1 if behind[s] == t else -1
    whole += np.bincount(named, minlength=len(whole))
    times[:] = np.bincount(named[(then >= 0) & (behind[named] == then)], minlength=len(times))


def turned(starts: Ints, shingles: Numbers, ends: Ints, postings: Numbers) -> None:
    """Write which texts hold each shingle."""
    del ends
    texts = np.repeat(np.arange(len(starts) - 1, dtype=np.int32), np.diff(starts))
    postings[:] = texts[np.argsort(shingles, kind="stable")]


def spread(starts: Ints, texts: Numbers, keys: Lanes, out: NDArray[np.float64]) -> None:
    """Estimate how many unlike texts each shingle is found in: those with the same least values count once."""
    bins = ((keys.astype(np.uint64) * np.uint64(0x9E3779B1)) & np.uint64(0xFFFFFFFF)) >> np.uint64(24)
    for s in range(len(starts) - 1):
        held = bins[texts[starts[s] : starts[s + 1]]]
        out[s] = sum(len(np.unique(lane)) for lane in held.T) / keys.shape[1]


def place_of(value: int, slots: Hashes) -> int:
    """Return where a hash stands in an open table, or where it would."""
    at = (((value * TURNS[0]) & _MASK) >> 20) & (len(slots) - 1)
    while slots[at] and slots[at] != value:
        at = (at + 1) & (len(slots) - 1)
    return at


def table_of(values: Hashes, slots: Hashes, numbers: Numbers, sieve: Hashes) -> None:
    """Fill an open table with distinct hashes and their places among ``values``, and a sieve of single bits."""
    for number, value in enumerate(values.tolist()):
        at = place_of(value, slots)
        slots[at], numbers[at] = value, number
        sieve[(value >> 6) & (len(sieve) - 1)] |= np.uint64(1 << (value & 63))


def taken(
    tokens: Lanes, sizes: Bytes, bounds: Ints, texts: Ints, out: Lanes, out_sizes: Bytes
) -> None:  # fmt: skip
    """Copy the tokens of some texts, and their sizes, one text behind the other."""
    counts = bounds[texts + 1] - bounds[texts]
    places = np.arange(len(out)) + np.repeat(bounds[texts] - np.cumsum(counts) + counts, counts)
    out[:], out_sizes[:] = tokens[places], sizes[places]
