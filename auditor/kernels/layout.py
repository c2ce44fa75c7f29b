"""Layouts: what kinds of lines texts are made of, in order."""

import numpy as np
import pyarrow as pa

from auditor.kernels.flat import Ints, Texts, checked
from auditor.kernels.reference import layout as plain
from auditor.kernels.reference.layout import LONGEST

try:
    from auditor.kernels.native import layout as native
except ImportError:
    native = None  # type: ignore[assignment]

COMPILED = native is not None


def layouts(texts: Texts, order: Ints) -> pa.Array:
    """Return the layout of normalised texts, taken in ``order``: one letter for each run of lines of a kind."""
    if COMPILED:
        checked(texts)
        if len(order) and (order.min() < 0 or order.max() >= texts.number):
            raise ValueError("order names a text that is not there")
        data, ends = np.empty(LONGEST * len(order), np.uint8), np.zeros(len(order), np.int64)
        size = native.layouts(texts.buffer, texts.offsets, order, data, ends)
        data = data[:size]
    else:
        data, ends = plain.layouts(texts, order)
    offsets = np.concatenate([[0], ends]).astype(np.int64)
    return pa.LargeStringArray.from_buffers(len(order), pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(data)))
