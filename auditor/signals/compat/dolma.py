"""Dolma: the taggers ``gopher_v1`` and ``gopher_v2``, which differ in whether empty lines are lines.

Source: allenai/dolma, python/dolma/taggers/gopher.py; arXiv 2402.00159.
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from auditor.kernels.flat import Ints
from auditor.signals.compat.grams import Grams, Shares, Words, repeated, share, spelled, top_chars, words
from auditor.views import sums


def measure(texts: Sequence[str]) -> dict[str, Shares]:
    """Measure texts by their words, parted by white space; texts with fewer than n words have no n-grams (null)."""
    held = words([text.split() for text in texts])
    columns: dict[str, Shares] = {}
    for found in repeated(held, 10):
        if 2 <= found.n <= 4:
            chars, times = top_chars(held, found)
            columns[f"dolma_top_{found.n}gram"] = np.where(times > 0, share(chars, held.chars), np.nan)
        elif found.n >= 5:
            columns[f"dolma_dup_{found.n}gram"] = share(_mass(held, found), _whole(held, found.n))
    parts = [_lines(re.split(r"\n+", text), text) for text in texts]
    first = [_lines(text.split("\n"), text) for text in texts]
    for name, values in (("", parts), ("_v1", first)):
        pairs = np.array(values, np.float64).reshape(-1, 2)
        columns[f"dolma_dup_line{name}"], columns[f"dolma_dup_line_chars{name}"] = pairs.T
    return columns


def _mass(held: Words, found: Grams) -> Ints:
    """Add up the characters of all repeated n-grams of each text, those that overlap again and again."""
    return _added(held, found.at, spelled(held, found.at, found.n))


def _whole(held: Words, n: int) -> Ints:
    """Add up the characters of all n-grams of each text."""
    at = np.arange(max(len(held.ids) - n + 1, 0))
    inside = at[at + n <= held.bounds[1:][held.rows[at]]]
    return _added(held, inside, spelled(held, inside, n))


def _added(held: Words, at: Ints, values: Ints) -> Ints:
    mass = np.zeros(len(held.ids), np.int64)
    mass[at] = values
    return sums(mass, held.bounds)


def _lines(lines: list[str], text: str) -> tuple[float, float]:
    """Return the share of lines that occur twice or more, and their characters over those of words.

    Lines keep their spaces and words have none, so that the second can exceed 1.
    """
    if not text:
        return 0.0, 0.0
    often = {line: times for line, times in Counter(lines).items() if times > 1}
    chars = sum(len(line) * times for line, times in often.items())
    return sum(often.values()) / len(lines), chars / max(sum(map(len, text.split())), 1)
