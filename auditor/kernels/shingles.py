"""Shingles of fine tokens: which of them many unlike texts share, and where they are."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Bytes, Hashes, Ints, Lanes
from auditor.kernels.reference import shingles as plain
from auditor.kernels.reference.sketch import mix

try:
    from auditor.kernels.native import shingles as native
except ImportError:
    native = None  # type: ignore[assignment]

COMPILED = native is not None
kernel = native if COMPILED else plain

Numbers = NDArray[np.int32]
Doubles = NDArray[np.float64]

SIZE = 4
"""Fine tokens in a shingle of a template."""

KEYS = 4
"""Least values by which texts are told to be alike."""

LINKED = 0.8
"""Share of the places of each of two shingles at which one stands right behind the other, if they belong together."""

LARGEST = 1 << 26
"""Counters of the first look at shingles; rarer ones that share a counter with frequent ones are looked at twice."""


class Streams(NamedTuple):
    """The fine tokens of many texts: those of text ``i`` are ``tokens[bounds[i]:bounds[i + 1]]``."""

    tokens: Lanes
    sizes: Bytes
    bounds: Ints

    @property
    def number(self) -> int:
        """How many texts there are."""
        return len(self.bounds) - 1


class Incidence(NamedTuple):
    """Which shared shingles (by number) each text holds: ``shingles[starts[i]:starts[i + 1]]``, and the other way.

    ``values`` are the shingles' hashes, rising, ``places`` a token that each begins with, and ``behind`` the shingle
    that nearly always follows it and it alone (-1: none); ``keys`` are the texts' least values, shape (texts, KEYS).
    """

    values: Hashes
    places: Ints
    behind: Numbers
    starts: Ints
    shingles: Numbers
    posting_starts: Ints
    postings: Numbers
    keys: Lanes


class Table(NamedTuple):
    """An open table of hashes: ``numbers`` says which is which; the sieve turns most others away at once."""

    slots: Hashes
    numbers: Numbers
    sieve: Hashes


def checked(streams: Streams) -> Streams:
    """Refuse bounds that fall or leave the tokens."""
    bounds = streams.bounds
    if len(bounds) == 0 or bounds[0] < 0 or bounds[-1] > len(streams.tokens) or (np.diff(bounds) < 0).any():
        raise ValueError("bounds must rise and stay inside the tokens")
    if len(streams.sizes) != len(streams.tokens):
        raise ValueError("every token has a size")
    return streams


def taken(streams: Streams, texts: Ints) -> Streams:
    """Take some texts, in the order in which they are named."""
    tokens, sizes, bounds = checked(streams)
    if len(texts) and (texts.min() < 0 or texts.max() >= streams.number):
        raise ValueError("a text is named that is not there")
    ends = np.concatenate([[0], np.cumsum(bounds[texts + 1] - bounds[texts])]).astype(np.int64)
    out = Streams(np.empty(ends[-1], np.uint32), np.empty(ends[-1], np.uint8), ends)
    kernel.taken(tokens, sizes, bounds, texts, out.tokens, out.sizes)
    return out


def table(values: Hashes) -> Table:
    """Make a table of distinct hashes, none of them 0."""
    room = 16
    while room < 3 * len(values):
        room *= 2
    slots, numbers, sieve = np.zeros(room, np.uint64), np.zeros(room, np.int32), np.zeros(max(1, room // 8), np.uint64)
    kernel.table_of(np.ascontiguousarray(values), slots, numbers, sieve)
    return Table(slots, numbers, sieve)


def shingles(streams: Streams, size: int) -> tuple[Hashes, Numbers, Ints]:
    """Return every shingle of ``size`` tokens, in order, its text and the token it begins with."""
    return _crowded(streams, size, np.zeros(1, np.uint8), 0)


def incidence(streams: Streams, least: int) -> Incidence:
    """Return the shingles that at least ``least`` unlike texts share, and where they are."""
    tokens, _, bounds = checked(streams)
    room = 1 << 10
    while room < min(LARGEST, 2 * len(tokens)):
        room *= 2
    counters, keys = np.zeros(room, np.uint8), np.full((streams.number, KEYS), 0xFFFFFFFF, np.uint32)
    kernel.survey(tokens, bounds, SIZE, counters, keys)
    found = _crowded(streams, SIZE, counters, least)
    return _shared(_laid(*found, streams.number), _threes(keys), least)


def _crowded(streams: Streams, size: int, counters: Bytes, least: int) -> tuple[Hashes, Numbers, Ints]:
    """Return the shingles whose counters reach ``least``; of the room for all, only what is used takes up memory."""
    tokens, _, bounds = checked(streams)
    room = int(np.maximum(np.diff(bounds) - size + 1, 0).sum())
    values, texts, places = np.empty(room, np.uint64), np.empty(room, np.int32), np.empty(room, np.int64)
    count = kernel.crowded(tokens, bounds, size, counters, least, values, texts, places)
    return values[:count], texts[:count], places[:count]


def _threes(keys: Lanes) -> Lanes:
    """Join least values by threes: texts of similarity J then share each with a chance of J cubed."""
    mixed = mix(keys.astype(np.uint64) + np.arange(1, KEYS + 1, dtype=np.uint64) * np.uint64(1 << 32))
    whole = np.bitwise_xor.reduce(mixed, axis=1)
    return np.ascontiguousarray((mix(mixed ^ whole[:, None]) >> np.uint64(32)).astype(np.uint32))


class _Laid(NamedTuple):
    """Shingles by number: hash, place and follower of each, and those of each text; ``sizes`` counts its texts."""

    values: Hashes
    places: Ints
    behind: Numbers
    starts: Ints
    shingles: Numbers
    sizes: Ints


def _laid(values: Hashes, texts: Numbers, places: Ints, number: int) -> _Laid:
    """Number shingles by their hashes, each once a text."""
    names = np.sort(values)
    names = names[np.concatenate([[True], names[1:] != names[:-1]])] if len(names) else names
    slots, numbers, _ = table(names)
    last, spots = np.full(len(names), -1, np.int32), np.zeros(len(names), np.int64)
    held, sizes = np.zeros(number, np.int64), np.zeros(len(names), np.int64)
    out, named = np.empty((2, len(values)), np.int32)
    count = kernel.laid(values, texts, places, slots, numbers, last, spots, held, sizes, out, named)
    return _Laid(names, spots, _behind(named, texts, places, len(names)), _bounds(held), out[:count], sizes)


def _behind(named: Numbers, texts: Numbers, places: Ints, number: int) -> Numbers:
    """Return the shingle that nearly always follows each, and nearly always follows it; -1 where there is none."""
    behind = np.full(number, -1, np.int32)
    times, whole = np.zeros((2, number), np.int64)
    kernel.followed(named, texts, places, behind, times, whole)
    return np.where(times >= LINKED * np.maximum(whole, whole[behind]), behind, -1).astype(np.int32)


def _shared(held: _Laid, keys: Lanes, least: int) -> Incidence:
    """Keep the shingles that enough unlike texts hold."""
    starts = _bounds(held.sizes)
    postings = np.empty(len(held.shingles), np.int32)
    kernel.turned(held.starts, held.shingles, starts[:-1].copy(), postings)
    found = np.zeros(len(held.values))
    kernel.spread(starts, postings, keys, found)
    kept = found >= least
    number = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1).astype(np.int32)
    shingles = number[held.shingles]
    inside = shingles >= 0
    ends = np.concatenate([[0], np.cumsum(inside)])
    return Incidence(
        held.values[kept], held.places[kept], number[held.behind[kept]], ends[held.starts], shingles[inside],
        _bounds(held.sizes[kept]), postings[np.repeat(kept, held.sizes)], keys,
    )  # fmt: skip


def _bounds(sizes: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
