"""Normalised texts, their tokens, and the hashes that exact copies share."""

import unicodedata
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor import text as model
from auditor.kernels.flat import Hashes, Ints, Lanes, Texts, checked
from auditor.kernels.reference import tokens as plain

try:
    from auditor.kernels.native import tokens as native
except ImportError:
    native = None  # type: ignore[assignment]

# Tables compiled for another Unicode version would tokenise otherwise than Python does.
COMPILED = native is not None and unicodedata.unidata_version == native.UNICODE


class Tokens(NamedTuple):
    """Tokens of many texts: those of the k-th text taken are ``hashes[bounds[k]:bounds[k + 1]]``.

    ``sizes`` counts the code points of each token.
    """

    hashes: Hashes
    sizes: Lanes
    bounds: Ints


def normalise(texts: Texts) -> Texts:
    """Normalise every text; the same as ``text.normalise`` one by one."""
    if not COMPILED:
        return plain.normalise(texts)
    buffer, offsets = checked(texts)
    count = texts.number
    ends, leave = np.zeros(count + 1, np.int64), np.zeros(count, np.uint8)
    out = np.empty(len(buffer) + len(buffer) // 8 + 1024, np.uint8)
    done = at = 0
    while True:
        done, at = native.normalise(buffer, offsets, done, out, ends[1:], leave, at)
        if done == count:
            break
        out = np.concatenate([out, np.empty(len(out), np.uint8)])
    result = Texts(out[:at], ends)
    return _with_python(texts, result, np.flatnonzero(leave)) if leave.any() else result


def _with_python(texts: Texts, result: Texts, left: Ints) -> Texts:
    """Fill in the texts whose code points interact; the kernel left them empty."""
    parts = []
    begin = 0
    sizes = np.diff(result.offsets)
    for index in left.tolist():
        data = np.frombuffer(model.normalise(texts.text(index)).encode(), np.uint8)
        parts += [result.buffer[begin : result.offsets[index]], data]
        begin = int(result.offsets[index])
        sizes[index] = len(data)
    parts.append(result.buffer[begin:])
    return Texts(np.concatenate(parts), np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))


def tokens(texts: Texts, order: Ints | None = None) -> Tokens:
    """Hash the tokens of normalised texts, taken in ``order`` (all, one after the other, if none is given)."""
    order = np.arange(texts.number, dtype=np.int64) if order is None else order
    if not COMPILED:
        return Tokens(*plain.tokens(texts, order))
    checked(texts)
    if len(order) and (order.min() < 0 or order.max() >= texts.number):
        raise ValueError("order names a text that is not there")
    room = int(((np.diff(texts.offsets)[order] + 1) // 2).sum()) if len(order) else 0
    hashes, sizes = np.empty(room, np.uint64), np.empty(room, np.uint32)
    bounds = np.zeros(len(order) + 1, np.int64)
    found = native.tokens(texts.buffer, texts.offsets, order, hashes, sizes, bounds)
    return Tokens(hashes[:found], sizes[:found], bounds)


def copy_hashes(texts: Texts) -> Hashes:
    """Hash every normalised text with its white space folded, to 128 bits; shape (texts, 2)."""
    if not COMPILED:
        return plain.copy_hashes(texts)
    out = np.empty((texts.number, 2), np.uint64)
    native.copy_hashes(*checked(texts), out)
    return out


def part_keys(
    hashes: Hashes, part: NDArray[np.int8], role: NDArray[np.int8], texts: Texts, first: Ints, *parts: int
) -> Hashes:
    """Hash each sample's turns of these parts, with their roles and order, to 128 bits; shape (samples, 2).

    ``hashes`` are those of the turns' texts; turns of sample ``i`` begin at ``first[i]``. Samples without such a turn,
    or with nothing in them, have zeros.
    """
    sizes = {len(hashes), len(part), len(role), texts.number}
    if len(sizes) > 1 or first[0] < 0 or first[-1] > len(part) or (np.diff(first) < 0).any():
        raise ValueError("turns and samples do not fit together")
    out = np.empty((len(first) - 1, 2), np.uint64)
    kernel = native if COMPILED else plain
    kernel.part_keys(hashes, part, role, texts.offsets, first, sum(1 << number for number in parts), out)
    return out


def characters(texts: Texts) -> Ints:
    """Count the code points of every text.

    >>> from auditor.kernels.flat import flat
    >>> characters(flat(["", "a中😀"])).tolist()
    [0, 3]
    """
    out = np.empty(texts.number, np.int64)
    (native if COMPILED else plain).characters(*checked(texts), out)
    return out
