"""The words of many texts as numbers, and the n-grams of them that repeat; exact, without a hash."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Ints
from auditor.views import sums

Shares = NDArray[np.float64]


class Words(NamedTuple):
    """Every text's words, one text's after the other's: which word, how many characters, and where texts begin."""

    ids: Ints
    sizes: Ints
    bounds: Ints

    @property
    def counts(self) -> Ints:
        """Words of each text."""
        return np.diff(self.bounds)

    @property
    def rows(self) -> Ints:
        """The text of each word."""
        return np.repeat(np.arange(len(self.bounds) - 1), self.counts)

    @property
    def chars(self) -> Ints:
        """Characters in the words of each text."""
        return sums(self.sizes, self.bounds)


class Grams(NamedTuple):
    """The n-grams that occur twice or more in their text, by place of their first word, in order.

    ``times`` is how often each one's like occurs there, ``again`` whether it is a repeat of an earlier one.
    """

    n: int
    at: Ints
    times: Ints
    again: NDArray[np.bool_]


def words(texts: Sequence[Sequence[str]]) -> Words:
    """Number words.

    >>> words([["a", "bc", "a"], [], ["bc"]])
    Words(ids=array([0, 1, 0, 1]), sizes=array([1, 2, 1, 2]), bounds=array([0, 3, 3, 4]))
    """
    numbers: dict[str, int] = {}
    ids = np.array([numbers.setdefault(word, len(numbers)) for text in texts for word in text], np.int64)
    sizes = np.array([len(word) for word in numbers], np.int64)
    return Words(ids, sizes[ids], np.cumsum([0, *map(len, texts)]))


def repeated(held: Words, last: int) -> Iterator[Grams]:
    """Yield the repeated n-grams for n from 1 to ``last``.

    An n-gram can repeat only if both (n - 1)-grams in it do, so each round looks at what the last one left.
    """
    kinds = int(held.ids.max(initial=0)) + 1
    ends = np.repeat(held.bounds[1:], held.counts)
    at = np.arange(len(held.ids))
    keys = held.rows * kinds + held.ids
    for n in range(1, last + 1):
        _, first, which, times = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
        alive = times[which] > 1
        found = Grams(n, at[alive], times[which][alive], (first[which] != np.arange(len(keys)))[alive])
        yield found
        key = np.full(len(held.ids) + 1, -1, np.int64)
        key[found.at] = which[alive]
        at = found.at[(found.at + n < ends[found.at]) & (key[found.at + 1] >= 0)]
        keys = key[at] * kinds + held.ids[at + n]


def spelled(held: Words, at: Ints, n: int) -> Ints:
    """Return how many characters the n-grams that begin at some places have."""
    total = np.concatenate([[0], np.cumsum(held.sizes)])
    return np.asarray(total[at + n] - total[at])


def top(held: Words, found: Grams) -> tuple[Ints, Ints]:
    """Return each text's most frequent n-gram, the earliest of several: its first word and its count (0: no n-gram)."""
    place, times = held.bounds[:-1].copy(), (held.counts >= found.n).astype(np.int64)
    rows = held.rows[found.at]
    order = np.lexsort((found.at, -found.times, rows))
    best = order[np.flatnonzero(np.diff(rows[order], prepend=-1))]
    place[rows[best]], times[rows[best]] = found.at[best], found.times[best]
    return place, times


def top_chars(held: Words, found: Grams, blanks: int = 0) -> tuple[Ints, Ints]:
    """Return the characters in all occurrences of each text's most frequent n-gram, and their number.

    ``blanks`` are counted into each.
    """
    place, times = top(held, found)
    has = times > 0
    chars = np.zeros(len(times), np.int64)
    chars[has] = (spelled(held, place[has], found.n) + blanks) * times[has]
    return chars, times


def share(part: NDArray[np.number], whole: NDArray[np.number]) -> Shares:
    """Divide; nothing by nothing is not a number."""
    return np.asarray(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0), np.float64)
