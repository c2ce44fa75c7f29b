"""Repeated n-grams, lines and paragraphs inside each text."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Hashes, Ints, Lanes, Texts, checked

try:
    from auditor.kernels.native import repeats as kernel
except ImportError:
    from auditor.kernels.reference import repeats as kernel  # type: ignore[no-redef]

COMPILED = "native" in kernel.__name__

TOPS = (2, 3, 4)
COVERS = (5, 6, 7, 8, 9, 10)


class Ngrams(NamedTuple):
    """Shares of a text's token characters; columns by n.

    ``top`` (n = 2, 3, 4): under the most frequent n-gram, if it occurs twice or more. ``cover`` (n = 5 to 10): under
    n-grams that occur twice or more, all occurrences counted. Both as RedPajama-v2 defines them, over the auditor's
    tokens. ``surplus`` (n = 2, 3, 4): how many n-grams repeat an earlier one.
    """

    top: NDArray[np.float64]
    cover: NDArray[np.float64]
    surplus: Ints


def ngrams(hashes: Hashes, sizes: Lanes, bounds: Ints) -> Ngrams:
    """Measure the texts whose tokens lie between successive bounds."""
    if bounds[0] < 0 or bounds[-1] > len(hashes) or (np.diff(bounds) < 0).any():
        raise ValueError("bounds must rise and stay inside the hashes")
    shares = np.zeros((len(bounds) - 1, len(TOPS) + len(COVERS)))
    surplus = np.zeros((len(bounds) - 1, len(TOPS)), np.int64)
    if len(hashes):
        kernel.ngrams(hashes, sizes, bounds, shares, surplus)
    return Ngrams(shares[:, : len(TOPS)], shares[:, len(TOPS) :], surplus)


class Pieces(NamedTuple):
    """Lines or paragraphs of a group of texts: how many, how many repeat an earlier one, and the characters of both."""

    number: Ints
    repeats: Ints
    chars: Ints
    repeated_chars: Ints


def pieces(texts: Texts, groups: Ints, *, paragraphs: bool = False) -> Pieces:
    """Count lines (or paragraphs, parted by an empty line) of normalised texts, group by group.

    Lines of punctuation only (rulings, brackets, fences) do not count: they repeat in every tidy text.
    """
    checked(texts)
    if groups[0] < 0 or groups[-1] > texts.number or (np.diff(groups) < 0).any():
        raise ValueError("groups must rise and name texts that are there")
    out = np.zeros((len(groups) - 1, 4), np.int64)
    kernel.pieces(texts.buffer, texts.offsets, groups, paragraphs, out)
    return Pieces(*out.T)
