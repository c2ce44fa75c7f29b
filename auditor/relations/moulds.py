"""Templates found by counting: sets of shingles that many unlike texts hold together."""

from collections import Counter

import numpy as np

from auditor.kernels.closures import Closure, Closures, Wanted
from auditor.kernels.fine import BEGIN, END, words
from auditor.kernels.flat import Hashes
from auditor.kernels.reference.sketch import mix
from auditor.kernels.shingles import SIZE, Incidence, Numbers, Streams
from auditor.views import sums

LEAST = 8
"""Unlike texts that make a template."""

FIXED = 4
"""Shingles that a template has at least: seven fine tokens in a row, or more in pieces."""

WORDS = 3
"""Different words (or letters of unspaced scripts) that a template's fixed text has at least."""

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


def moulds(streams: Streams, held: Incidence, least: int = LEAST) -> list[Hashes]:
    """Find the templates of texts, each of which should be there once, as sets of shingles.

    ``held`` says which shingles the texts share. The order of texts does not matter.
    """
    if not len(held.values):
        return []
    begin = streams.tokens[held.places] == BEGIN
    end = streams.tokens[held.places + SIZE - 1] == END
    search = Closures(held, begin | end, Wanted(least, FIXED, MOST, LONG, ENDS, TRIED, LOOKED))
    found = search.among(_unlike(held), np.zeros(0, np.int32), MOST_FOUND)
    kept = [piece for mould in found for piece in _split(search, mould, least, DEEP)]
    return [held.values[mould.shingles] for mould in kept]


def spoken(streams: Streams, held: Incidence, values: Hashes) -> bool:
    """Tell whether a template's fixed text has enough different words."""
    places = held.places[np.searchsorted(held.values, values)]
    fixed = np.unique(streams.tokens[places[:, None] + np.arange(SIZE)])
    return int(words(fixed).sum()) >= WORDS


def _unlike(held: Incidence) -> Numbers:
    """Return texts of which no two have the same shared shingles and least values."""
    sets = sums(mix(held.shingles.astype(np.uint64) + np.uint64(1)), held.starts)
    for lane in held.keys.T.astype(np.uint64):
        sets = mix(sets ^ lane)
    filled = np.flatnonzero(np.diff(held.starts) > 0)
    _, first = np.unique(sets[filled], return_index=True)
    return np.sort(filled[first]).astype(np.int32)


def _split(search: Closures, mould: Closure, least: int, depth: int) -> list[Closure]:
    """Return the narrower templates that make up a template, if they cover nearly all of it; else itself."""
    if depth == 0 or len(mould.texts) < 3 * least:
        return [mould]
    children = search.among(mould.texts, mould.shingles, len(mould.texts))
    covered = sum(len(child.texts) for child in children)
    if len(children) < 2 or covered < SPLIT * len(mould.texts):
        return [mould]
    rest = np.setdiff1d(mould.texts, np.concatenate([child.texts for child in children]))
    found = [piece for child in children for piece in _split(search, child, least, depth - 1)]
    return [*found, Closure(mould.shingles, rest)] if len(rest) else found


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
