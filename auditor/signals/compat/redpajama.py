"""RedPajama-v2: ``rps_doc_frac_chars_top/dupe_{n}gram``, ``rps_doc_frac_unique_words``, ``rps_doc_unigram_entropy``.

Source: togethercomputer/RedPajama-Data, app/src/core/quality_signals; arXiv 2411.12372.
"""

import string
import unicodedata
from collections.abc import Sequence

import numpy as np

from auditor.kernels.flat import Ints
from auditor.signals.compat.grams import Grams, Shares, Words, repeated, share, top_chars, words
from auditor.views import sums

BARE = str.maketrans("", "", string.punctuation)
DIGITS = 8


def measure(texts: Sequence[str]) -> dict[str, Shares]:
    """Measure texts by their words: lower case, without ASCII punctuation, parted by white space."""
    held = words([normalised(text).split() for text in texts])
    columns: dict[str, Shares] = {}
    for found in repeated(held, 10):
        if 2 <= found.n <= 4:
            chars, times = top_chars(held, found)
            columns[f"redpajama_top_{found.n}gram"] = _share(chars * (times > 1), held.chars)
        elif found.n >= 5:
            columns[f"redpajama_dup_{found.n}gram"] = _share(covered(held, found), held.chars)
    alike = np.unique(held.rows * (int(held.ids.max(initial=0)) + 1) + held.ids, return_index=True, return_counts=True)
    row, times = held.rows[alike[1]], alike[2]
    columns["redpajama_unique_words"] = np.round(share(np.bincount(row, minlength=len(texts)), held.counts), DIGITS)
    part = times / held.counts[row]
    entropy = np.bincount(row, weights=-part * np.log(part), minlength=len(texts))
    columns["redpajama_entropy"] = np.where(held.counts > 0, np.round(entropy, DIGITS), np.nan)
    return columns


def normalised(text: str) -> str:
    """Return a text as RedPajama-v2 splits it into words; the punctuation of other scripts stays.

    >>> normalised("It's  GOOD, ok?")
    'its good ok'
    """
    return unicodedata.normalize("NFD", " ".join(text.translate(BARE).lower().split()))


def covered(held: Words, found: Grams) -> Ints:
    """Return how many characters of each text lie in repeated n-grams, those in several counted once."""
    edge = np.zeros(len(held.ids) + 1, np.int64)
    np.add.at(edge, found.at, 1)
    np.add.at(edge, found.at + found.n, -1)
    return sums(held.sizes * (np.cumsum(edge[:-1]) > 0), held.bounds)


def _share(part: Ints, whole: Ints) -> Shares:
    """Divide; a text without words has a share of 0."""
    return np.asarray(np.round(np.nan_to_num(share(part, whole)), DIGITS), np.float64)
