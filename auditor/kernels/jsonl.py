"""Lines and array elements in raw JSON bytes."""

from typing import NamedTuple

import numpy as np

from auditor.kernels.flat import Bytes, Ints

try:
    from auditor.kernels.native import jsonl as kernel
except ImportError:
    from auditor.kernels.reference import jsonl as kernel  # type: ignore[no-redef]

COMPILED = "native" in kernel.__name__

FEED = 10
"""The byte that ends a line."""

BLANK, SUSPECT = 1, 2
"""Marks: nothing but white space; needs the careful parser (deep, a key twice, a long number, half a surrogate)."""


class Spans(NamedTuple):
    """Pieces of a buffer: ``data[starts[i]:ends[i]]``."""

    starts: Ints
    ends: Ints


def lines(data: bytes) -> Spans:
    r"""Find the lines of ``data``: they end at ``\n`` only, and one ``\r`` before it is not part of them.

    >>> lines(b'{"a":1}\r\n\n{"a":2}').ends.tolist()
    [7, 9, 17]
    """
    buffer = np.frombuffer(data, np.uint8)
    count = kernel.count(buffer) + (len(buffer) > 0 and buffer[-1] != FEED)
    spans = Spans(np.empty(count, np.int64), np.empty(count, np.int64))
    kernel.lines(buffer, *spans)
    return spans


def marks(data: Bytes, spans: Spans) -> Bytes:
    """Mark pieces of ``data`` that are blank, or that a fast parser may misread.

    The reference marks every piece that is not blank as suspect; the compiled kernel marks fewer, never one too few.
    """
    starts, ends = spans
    if len(starts) and (starts.min() < 0 or ends.max() > len(data) or (ends < starts).any()):
        raise ValueError("spans must lie inside the data")
    found = np.empty(len(starts), np.uint8)
    kernel.mark(data, starts, ends, found)
    return found


class Borders:
    """Follow a top-level JSON array through its pieces: where it opens, its elements end, and it closes.

    >>> Borders().feed(b'[1, {"a": "],"}]').tolist()
    [0, 2, 15]
    """

    def __init__(self) -> None:
        self.state = np.zeros(3, np.int64)

    @property
    def closed(self) -> bool:
        """Whether nothing is open after the last piece."""
        return not self.state.any()

    def feed(self, piece: bytes) -> Ints:
        """Return the places of the borders in this piece."""
        room = piece.count(b",") + sum(piece.count(bracket) for bracket in (b"[", b"]", b"{", b"}"))
        out = np.empty(room, np.int64)
        return out[: kernel.borders(np.frombuffer(piece, np.uint8), self.state, out)]
