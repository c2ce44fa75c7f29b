"""Short patterns in a buffer."""

from collections.abc import Sequence

from auditor.kernels.flat import Bytes, Ints
from auditor.kernels.reference import find as plain

try:
    from auditor.kernels.native import find as native
except ImportError:
    native = None  # type: ignore[assignment]

COMPILED = native is not None
kernel = native if COMPILED else plain


def places(data: Bytes, patterns: Sequence[bytes]) -> Ints:
    """Return rows of (place, number of the pattern) in order; at most 32 patterns, beginning with four bytes or fewer.

    >>> import numpy as np
    >>> places(np.frombuffer(b"<a><b><a>", np.uint8), [b"<a", b"<b"]).tolist()
    [[0, 0], [3, 1], [6, 0]]
    """
    return kernel.places(data, list(patterns))
