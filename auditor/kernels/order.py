"""The order of rows by numbers: what numpy's ``lexsort`` gives, several times as fast."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Hashes, Ints

try:
    from auditor.kernels.native import order as kernel
except ImportError:
    from auditor.kernels.reference import order as kernel  # type: ignore[no-redef]

SIGN = np.uint64(1 << 63)

COMPILED = "native" in kernel.__name__


def ordered(*keys: NDArray[Any]) -> Ints:
    """Return the rows in the order of their keys (numbers or truth values, no NaN), the first the most important.

    Rows whose keys are all equal stay in place.

    >>> ordered(np.array([1, -1, 1]), np.array([2, 0, 1])).tolist()
    [1, 2, 0]
    """
    order = np.arange(len(keys[0]), dtype=np.int64)
    for key in reversed(keys):
        if len(key) != len(order):
            raise ValueError("keys must be of the same rows")
        kernel.sort(_unsigned(key), order)
    return order


def _unsigned(key: NDArray[Any]) -> Hashes:
    """Return numbers of 64 bits without sign that stand in the same order."""
    if key.dtype.kind in "bu":
        return np.ascontiguousarray(key, np.uint64)
    if key.dtype.kind == "f":
        bits = (key.astype(np.float64) + 0.0).view(np.int64)  # -0.0 and 0.0 are equal
        return (bits ^ ((bits >> 63) & np.int64(2**63 - 1))).view(np.uint64) ^ SIGN
    return key.astype(np.int64).view(np.uint64) ^ SIGN
