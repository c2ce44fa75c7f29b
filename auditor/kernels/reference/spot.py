"""Many phrases looked for in streams of fine tokens, in Python."""

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Hashes, Ints, Lanes


def spot(  # noqa: PLR0913, PLR0917  (the kernel's signature)
    tokens: Lanes, bounds: Ints, slots: Hashes, targets: NDArray[np.int32], fail: NDArray[np.int32],
    ends: NDArray[np.int32], first: Hashes, pairs: Hashes, out: Ints,
) -> int:  # fmt: skip
    """Write (text, phrase, first token) of every phrase met; returns how many there are."""
    del first, pairs
    filled = np.flatnonzero(slots)
    steps = dict(zip(slots[filled].tolist(), targets[filled].tolist(), strict=True))
    n = 0
    for text in range(len(bounds) - 1):
        state = 0
        for place, token in enumerate(tokens[bounds[text] : bounds[text + 1]].tolist()):
            while state and (state << 32 | token) + 1 not in steps:
                state = int(fail[state])
            state = other = steps.get((state << 32 | token) + 1, 0)
            while other > 0:
                phrase, length, shorter = ends[3 * other : 3 * other + 3].tolist()
                if phrase >= 0:
                    if n < len(out):
                        out[n] = (text, phrase, place - length + 1)
                    n += 1
                other = shorter
    return n
