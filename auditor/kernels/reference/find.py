"""Find where any of a few short patterns stands in a buffer."""

import numpy as np

from auditor.kernels.flat import Bytes, Ints


def places(data: Bytes, patterns: list[bytes]) -> Ints:
    """Return rows of (place, number of the pattern), in order."""
    held, found = data.tobytes(), []
    for number, pattern in enumerate(patterns):
        at = held.find(pattern)
        while at >= 0:
            found.append((at, number))
            at = held.find(pattern, at + 1)
    return np.array(sorted(found), np.int64).reshape(-1, 2)
