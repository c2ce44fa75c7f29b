"""Fine tokens: words, single letters, numbers, marks and line breaks; what templates and phrases are made of."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Bytes, Ints, Lanes, Texts, checked
from auditor.kernels.reference import fine as plain
from auditor.kernels.tokens import COMPILED as SAME_UNICODE

try:
    from auditor.kernels.native import fine as native
except ImportError:
    native = None  # type: ignore[assignment]

COMPILED = native is not None and SAME_UNICODE

BEGIN, END, BREAK, NUMBER, CUT = plain.BEGIN, plain.END, plain.BREAK, plain.NUMBER, plain.CUT


class Fine(NamedTuple):
    """Fine tokens of many texts: those of the k-th text taken are ``hashes[bounds[k]:bounds[k + 1]]``.

    ``sizes`` counts the code points of each token (255 and more alike); ``places`` says where each begins in its
    normalised text, and is empty unless it was asked for.
    """

    hashes: Lanes
    sizes: Bytes
    places: Ints
    bounds: Ints


def fine(texts: Texts, order: Ints | None = None, *, placed: bool = False) -> Fine:
    """Return the fine tokens of normalised texts, taken in ``order``, each text between a begin and an end.

    A text without any token has none, not even these.
    """
    order = np.arange(texts.number, dtype=np.int64) if order is None else order
    if not COMPILED:
        hashes, sizes, places, bounds = plain.fine(texts, order)
        return Fine(hashes, sizes, places if placed else places[:0], bounds)
    checked(texts)
    if len(order) and (order.min() < 0 or order.max() >= texts.number):
        raise ValueError("order names a text that is not there")
    room = int((np.diff(texts.offsets)[order] + 2).sum()) if len(order) else 0
    hashes, sizes = np.empty(room, np.uint32), np.empty(room, np.uint8)
    places = np.empty(room if placed else 0, np.int64)
    bounds = np.zeros(len(order) + 1, np.int64)
    found = native.fine(texts.buffer, texts.offsets, order, hashes, sizes, places, bounds)
    return Fine(hashes[:found], sizes[:found], places[:found] if placed else places, bounds)


def words(tokens: Lanes) -> NDArray[np.bool_]:
    """Tell words and letters from numbers, marks, breaks and ends."""
    return np.asarray((tokens >= 16) & (tokens % 2 == 0), np.bool_)
