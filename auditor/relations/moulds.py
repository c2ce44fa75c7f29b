"""Templates found by counting: sets of shingles that many unlike texts hold together."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.fine import BEGIN, END
from auditor.kernels.flat import Hashes, Ints
from auditor.kernels.moulds import SIZE, Incidence, Numbers, Streams, incidence, kernel
from auditor.kernels.reference.moulds import shingle
from auditor.kernels.reference.sketch import mix
from auditor.views import sums

LEAST = 8
"""Unlike texts that make a template."""

FIXED = 4
"""Shingles that a template has at least: seven fine tokens in a row, or more in pieces."""

MOST = 0.9
"""Share of a template's texts that hold each of its shingles."""

ENDS = 4.0
"""How much more a template weighs that holds how texts begin or end: moulds show there first."""

LONG = 32
"""Shingles beyond which a longer template weighs no more."""

SPLIT = 0.8
"""Share of a template's texts that narrower templates must cover to stand in its place."""

MOST_FOUND = 250
"""Templates that are looked for, the weightiest first; narrower ones within them do not count."""

TRIED, LOOKED, DEEP = 24, 400, 5
"""Candidates weighed at once, shingles looked at for them, and how often a template is split again."""


class Mould(NamedTuple):
    """A template: its shingles (rising hashes), and the texts that it was found in."""

    values: Hashes
    texts: Numbers


class Candidate(NamedTuple):
    """The texts that hold a shingle, and what most of them share beyond what is known."""

    weight: float
    seed: int
    shared: Numbers


@dataclass
class Search:
    """What the search for templates looks at, and what it has seen."""

    held: Incidence
    ends: NDArray[np.bool_]
    counts: Numbers = field(init=False)
    found: Numbers = field(init=False)

    def __post_init__(self) -> None:
        """Make room that is used again and again."""
        self.counts = np.zeros(len(self.held.values), np.int32)
        self.found = np.zeros(len(self.held.values), np.int32)

    def posting(self, seed: int) -> Numbers:
        """Return the texts that hold a shingle."""
        return self.held.postings[self.held.posting_starts[seed] : self.held.posting_starts[seed + 1]]

    def shared(self, seed: int, alive: NDArray[np.uint8]) -> Numbers:
        """Return the shingles that most living texts with a shingle share."""
        held = self.held
        count, _ = kernel.closure(
            self.posting(seed), alive, held.starts, held.shingles, MOST, self.counts, self.found
        )  # fmt: skip
        return np.sort(self.found[:count])

    def tally(self, texts: Numbers, counts: Numbers, weight: int) -> None:
        """Add to the count of every shingle of some texts."""
        kernel.tally(texts, self.held.starts, self.held.shingles, counts, weight)

    def unlike(self, texts: Numbers) -> float:
        """Estimate how many unlike texts there are."""
        keys = self.held.keys[texts]
        return float(np.mean([len(np.unique(lane)) for lane in keys.T])) if len(texts) else 0.0


def moulds(streams: Streams, least: int = LEAST) -> list[Mould]:
    """Find the templates of texts, each of which should be there once; the order of texts does not matter."""
    held = incidence(streams, least)
    if not len(held.values):
        return []
    search = Search(held, np.isin(held.values, _ends(streams)))
    everything = _unlike(held)
    found = list(islice(_children(search, everything, held.values[:0], least), MOST_FOUND))
    kept = [piece for mould in found for piece in _split(search, mould, least, DEEP)]
    return sorted(kept, key=lambda mould: mould.values.tolist())


def _ends(streams: Streams) -> Hashes:
    """Return the shingles with which turns begin and end."""
    tokens, _, bounds = streams
    text = np.repeat(np.arange(streams.number), np.diff(bounds))
    begin = np.flatnonzero(tokens == BEGIN)
    end = np.flatnonzero(tokens == END) - SIZE + 1
    places = np.concatenate([begin[begin + SIZE <= len(tokens)], end[end >= 0]])
    places = places[text[places] == text[places + SIZE - 1]]
    windows = np.unique(np.stack([tokens[places + k] for k in range(SIZE)], axis=1), axis=0)
    return np.array([shingle(window) for window in windows.tolist()], np.uint64)


def _unlike(held: Incidence) -> Numbers:
    """Return texts of which no two have the same shared shingles and least values."""
    sets = sums(mix(held.shingles.astype(np.uint64) + np.uint64(1)), held.starts)
    for lane in held.keys.T.astype(np.uint64):
        sets = mix(sets ^ lane)
    filled = np.diff(held.starts) > 0
    _, first = np.unique(sets[filled], return_index=True)
    return np.sort(np.flatnonzero(filled)[first]).astype(np.int32)


def _children(search: Search, texts: Numbers, known: Hashes, least: int) -> Iterator[Mould]:
    """Yield templates among texts, the weightiest first; what is known of all of them does not count."""
    held = search.held
    closed = np.isin(held.values, known)
    alive = np.zeros(len(held.keys), np.uint8)
    alive[texts] = 1
    counts = np.zeros(len(held.values), np.int32)
    search.tally(texts, counts, 1)
    counts[closed] = 0
    seen: dict[int, tuple[int, Numbers]] = {}
    while best := _best(search, alive, counts, closed, seen, least):
        yield best
        alive[best.texts] = 0
        blocked = counts == 0
        search.tally(best.texts, counts, -1)
        counts[blocked] = 0


def _best(
    search: Search, alive: NDArray[np.uint8], counts: Numbers, closed: NDArray[np.bool_],
    seen: dict[int, tuple[int, Numbers]], least: int,
) -> Mould | None:  # fmt: skip
    """Return the weightiest template; shingles that lead to none are blocked by a count of 0."""
    values = search.held.values
    covered = np.zeros(len(values), np.bool_)
    while True:
        ranked = _ranked(counts, values, least)
        if not len(ranked):
            return None
        found: list[Candidate] = []
        covered[:] = False
        for seed in ranked.tolist():
            if covered[seed]:
                continue
            if seed not in seen or seen[seed][0] != counts[seed]:
                seen[seed] = (int(counts[seed]), search.shared(seed, alive))
            shared = seen[seed][1]
            covered[shared] = True
            fresh = shared[~closed[shared]]
            if len(fresh) < FIXED:
                counts[seed] = 0
                continue
            weight = float(counts[seed]) * min(len(fresh), LONG) * (ENDS if search.ends[fresh].any() else 1.0)
            found.append(Candidate(weight, seed, shared))
            if len(found) == TRIED:
                break
        for each in sorted(found, key=lambda each: (-each.weight, int(values[each.seed]))):
            posting = search.posting(each.seed)
            texts = posting[alive[posting] > 0]
            if search.unlike(texts) >= least:
                return Mould(values[each.shared], texts)
            counts[each.seed] = 0


def _ranked(counts: Numbers, values: Hashes, least: int) -> Ints:
    """Return the most frequent shingles; their hashes settle ties."""
    fitting = np.flatnonzero(counts >= least)
    if len(fitting) > LOOKED:
        lowest = np.partition(counts[fitting], len(fitting) - LOOKED)[len(fitting) - LOOKED]
        fitting = fitting[counts[fitting] >= lowest]
    return fitting[np.lexsort((values[fitting], -counts[fitting]))][:LOOKED]


def _split(search: Search, mould: Mould, least: int, depth: int) -> list[Mould]:
    """Return the narrower templates that make up a template, if they cover nearly all of it; else itself."""
    if depth == 0 or len(mould.texts) < 3 * least:
        return [mould]
    children = list(_children(search, mould.texts, mould.values, least))
    covered = sum(len(child.texts) for child in children)
    if len(children) < 2 or covered < SPLIT * len(mould.texts):
        return [mould]
    rest = np.setdiff1d(mould.texts, np.concatenate([child.texts for child in children]))
    found = [piece for child in children for piece in _split(search, child, least, depth - 1)]
    return [*found, Mould(mould.values, rest)] if len(rest) else found


SAME = 0.8
"""Jaccard similarity of their shingles from which two templates are one."""


def joined(sets: list[Hashes]) -> list[Hashes]:
    """Join templates that are nearly the same: what both have is kept.

    >>> [each.tolist() for each in joined([np.arange(1, 10), np.arange(2, 11), np.arange(5, 30)])]
    [[2, 3, 4, 5, 6, 7, 8, 9], [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, \
27, 28, 29]]
    """
    kept: list[Hashes] = []
    holders: dict[int, list[int]] = {}
    for values in sorted(sets, key=lambda each: (-len(each), each.tolist())):
        near = Counter(number for value in values.tolist() for number in holders.get(value, ()))
        twins = [number for number, common in near.items() if common >= SAME * len(set(values) | set(kept[number]))]
        if twins:
            twin = min(twins)
            kept[twin] = np.intersect1d(kept[twin], values)
            continue
        for value in values.tolist():
            holders.setdefault(value, []).append(len(kept))
        kept.append(values)
    return sorted(kept, key=lambda values: values.tolist())


def named(sets: list[Hashes]) -> list[str]:
    """Name templates by the least shingle that fewest templates have: names hardly ever change as data grow."""
    held = np.concatenate([np.zeros(0, np.uint64), *sets])
    values, counts = np.unique(held, return_counts=True)
    names: list[str] = []
    for each in sets:
        shared = counts[np.searchsorted(values, each)]
        order = np.lexsort((each, shared))
        name = next((n for n in (f"{int(each[k]):016x}"[:12] for k in order.tolist()) if n not in names), "")
        names.append(name or f"{len(names):012x}")
    return names
