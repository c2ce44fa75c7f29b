"""What many texts share: their common shingles, the templates made of these, and what fills the gaps."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Bytes, Hashes, Ints, Lanes
from auditor.kernels.reference import moulds as plain
from auditor.kernels.reference.sketch import mix

try:
    from auditor.kernels.native import moulds as native
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

    ``values`` are the shingles' hashes, rising; ``keys`` the texts' least values, shape (texts, KEYS).
    """

    values: Hashes
    starts: Ints
    shingles: Numbers
    posting_starts: Ints
    postings: Numbers
    keys: Lanes


class Table(NamedTuple):
    """An open table of hashes: ``numbers`` says which is which."""

    slots: Hashes
    numbers: Numbers


def checked(streams: Streams) -> Streams:
    """Refuse bounds that fall or leave the tokens."""
    bounds = streams.bounds
    if len(bounds) == 0 or bounds[0] < 0 or bounds[-1] > len(streams.tokens) or (np.diff(bounds) < 0).any():
        raise ValueError("bounds must rise and stay inside the tokens")
    if len(streams.sizes) != len(streams.tokens):
        raise ValueError("every token has a size")
    return streams


def incidence(streams: Streams, least: int) -> Incidence:
    """Return the shingles that at least ``least`` unlike texts share, and where they are."""
    tokens, _, bounds = checked(streams)
    room = 1 << 10
    while room < min(LARGEST, 2 * len(tokens)):
        room *= 2
    table, keys = np.zeros(room, np.uint8), np.full((streams.number, KEYS), 0xFFFFFFFF, np.uint32)
    kernel.survey(tokens, bounds, SIZE, table, keys)
    count = kernel.crowded(tokens, bounds, SIZE, table, least, np.empty(0, np.uint64), np.empty(0, np.int32))
    values, texts = np.empty(count, np.uint64), np.empty(count, np.int32)
    kernel.crowded(tokens, bounds, SIZE, table, least, values, texts)
    del table
    return _incidence(values, texts, _threes(keys), least)


def _threes(keys: Lanes) -> Lanes:
    """Join least values by threes: texts of similarity J then share each with a chance of J cubed."""
    mixed = mix(keys.astype(np.uint64) + np.arange(1, KEYS + 1, dtype=np.uint64) * np.uint64(1 << 32))
    whole = np.bitwise_xor.reduce(mixed, axis=1)
    return np.ascontiguousarray((mix(mixed ^ whole[:, None]) >> np.uint64(32)).astype(np.uint32))


def _incidence(values: Hashes, texts: Numbers, keys: Lanes, least: int) -> Incidence:
    """Keep the shingles that enough unlike texts hold."""
    order = np.argsort(values, kind="stable")
    values, texts = values[order], texts[order]
    fresh = np.ones(len(values), np.bool_)
    fresh[1:] = (values[1:] != values[:-1]) | (texts[1:] != texts[:-1])
    values, texts = values[fresh], texts[fresh]
    first = (
        np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]])) if len(values) else np.zeros(0, np.int64)
    )
    starts = np.concatenate([first, [len(values)]]).astype(np.int64)
    found = np.zeros(len(first))
    kernel.spread(starts, texts, keys, found)
    kept = found >= least
    sizes = np.diff(starts)
    inside = np.repeat(kept, sizes)
    postings, names = texts[inside], values[first[kept]]
    number = np.repeat(np.arange(len(names), dtype=np.int32), sizes[kept])
    by_text = np.argsort(postings, kind="stable")
    counts = np.bincount(postings, minlength=len(keys)) if len(keys) else np.zeros(0, np.int64)
    return Incidence(
        names, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), number[by_text],
        np.concatenate([[0], np.cumsum(sizes[kept])]).astype(np.int64), postings, keys,
    )  # fmt: skip


def table(values: Hashes) -> Table:
    """Make a table of distinct hashes, none of them 0."""
    room = 16
    while room < 3 * len(values):
        room *= 2
    slots, numbers = np.zeros(room, np.uint64), np.zeros(room, np.int32)
    kernel.table_of(np.ascontiguousarray(values), slots, numbers)
    return Table(slots, numbers)


class Moulds(NamedTuple):
    """Templates as sets of shingles: shingle ``s`` belongs to ``owners[starts[s]:starts[s + 1]]``.

    ``need`` says how many distinct shingles of a template a text must hold.
    """

    table: Table
    starts: Ints
    owners: Numbers
    need: Numbers


class Poured(NamedTuple):
    """What each text is poured from (-1: nothing), by how many shingles, and its characters: covered, and all."""

    mould: Numbers
    score: Numbers
    covered: Ints
    whole: Ints


def moulds(sets: list[Hashes], share: float) -> Moulds:
    """Lay templates out for looking them up; a text needs this share of a template's shingles."""
    held = np.concatenate([np.zeros(0, np.uint64), *sets])
    owner = np.repeat(np.arange(len(sets), dtype=np.int32), [len(each) for each in sets])
    order = np.lexsort((owner, held))
    values, counts = np.unique(held, return_counts=True)
    need = np.array([max(1, int(np.ceil(share * len(each)))) for each in sets], np.int32)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Moulds(table(values), starts, owner[order], need)


def shingles(streams: Streams, size: int) -> tuple[Hashes, Numbers]:
    """Return every shingle of ``size`` tokens, in order, and its text."""
    tokens, _, bounds = checked(streams)
    room = int(np.maximum(np.diff(bounds) - size + 1, 0).sum())
    values, texts = np.empty(room, np.uint64), np.empty(room, np.int32)
    count = kernel.crowded(tokens, bounds, size, np.zeros(1, np.uint8), 0, values, texts)
    return values[:count], texts[:count]


def pour(streams: Streams, found: Moulds, size: int = SIZE) -> Poured:
    """Find each text's template: the one most of whose shingles, of ``size`` tokens, it holds."""
    tokens, sizes, bounds = checked(streams)
    texts = streams.number
    mould, score = np.zeros((2, texts), np.int32)
    covered, whole = np.zeros((2, texts), np.int64)
    out = Poured(mould, score, covered, whole)
    marks = np.full(len(found.starts) - 1, -1, np.int32)
    hits = np.zeros(len(found.need), np.int32)
    kernel.pour(
        tokens, sizes, bounds, size, *found.table, found.starts, found.owners, found.need, marks, hits, *out
    )  # fmt: skip
    return out


class Gaps(NamedTuple):
    """What stands between fixed runs: columns text, slot, start, end (tokens within the text), and a hash of it."""

    places: Ints
    hashes: Hashes


def gaps(streams: Streams, chosen: Numbers, values: Hashes, runs: Numbers) -> Gaps:
    """Return the fillers of chosen texts of one template, whose shingles and their runs are given."""
    tokens, _, bounds = checked(streams)
    if len(chosen) and (chosen.min() < 0 or chosen.max() >= streams.number):
        raise ValueError("a text is named that is not there")
    room = int((np.diff(bounds)[chosen] + 1).sum())
    out, hashes = np.empty((room, 4), np.int64), np.empty(room, np.uint64)
    found = table(values)
    n = kernel.gaps(tokens, bounds, SIZE, chosen, *found, np.ascontiguousarray(runs), out, hashes)
    return Gaps(out[:n].copy(), hashes[:n].copy())
