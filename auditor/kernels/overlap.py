"""What the samples of many pairs share: tokens under a common shingle, and common stretches."""

from typing import NamedTuple

import numpy as np

from auditor.kernels.flat import Bytes, Hashes, Ints
from auditor.kernels.reference import overlap as plain

try:
    from auditor.kernels.native import overlap as native
except ImportError:
    native = None  # type: ignore[assignment]

COMPILED = native is not None
kernel = native if COMPILED else plain


class Tokens(NamedTuple):
    """The tokens of samples, one after the other, and the shingle that begins at each (0: none fits in its part).

    ``parts``, shape (samples, 4), says where prompt, answer and system text of each begin, and where the last ends.
    """

    hashes: Hashes
    values: Hashes
    parts: Ints


class Overlap(NamedTuple):
    """For each token of the left and of the right samples, pair after pair, whether a shingle of both covers it.

    ``blocks`` are stretches that both have: pair, first token, end, and first token on the right, within the samples.
    """

    left: Bytes
    right: Bytes
    blocks: Ints


def overlap(tokens: Tokens, pairs: Ints, size: int) -> Overlap:
    """Compare pairs of samples, shape (pairs, 2), by shingles of ``size`` tokens."""
    parts = np.ascontiguousarray(tokens.parts, np.int64).reshape(-1, 4)
    pairs = np.ascontiguousarray(pairs, np.int64).reshape(-1, 2)
    if size < 1 or len(tokens.hashes) != len(tokens.values):
        raise ValueError("every token has one shingle of at least one token")
    if parts.size and (parts.min() < 0 or parts.max() > len(tokens.values) or (np.diff(parts) < 0).any()):
        raise ValueError("parts must rise and stay inside the tokens")
    if pairs.size and (pairs.min() < 0 or pairs.max() >= len(parts)):
        raise ValueError("a pair names a sample that is not there")
    counts = (parts[:, 3] - parts[:, 0])[pairs] if len(parts) else np.zeros((0, 2), np.int64)
    left, right = (np.zeros(int(side.sum()), np.uint8) for side in counts.T)
    blocks = np.zeros((len(left), 4), np.int64)
    longest = int(counts.max(initial=0))
    found = kernel.overlap(tokens.hashes, tokens.values, parts, pairs, size, longest, left, right, blocks)
    return Overlap(left, right, blocks[:found])
