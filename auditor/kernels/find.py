"""Short patterns in a buffer."""

from collections.abc import Sequence

from auditor.kernels.flat import Bytes, Ints

try:
    from auditor.kernels.native import find as kernel
except ImportError:
    from auditor.kernels.reference import find as kernel  # type: ignore[no-redef]

COMPILED = "native" in kernel.__name__


def places(data: Bytes, patterns: Sequence[bytes]) -> Ints:
    """Return rows of (place, number of the pattern) in order; at most 32 patterns, beginning with four bytes or fewer.

    >>> import numpy as np
    >>> places(np.frombuffer(b"<a><b><a>", np.uint8), [b"<a", b"<b"]).tolist()
    [[0, 0], [3, 1], [6, 0]]
    """
    found: Ints = kernel.places(data, list(patterns))
    return found
