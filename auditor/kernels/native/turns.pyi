from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Bytes, Ints

def turns(
    data: Bytes,
    starts: Ints,
    ends: Ints,
    state: Bytes,
    dialect: NDArray[np.int16],
    counts: NDArray[np.int32],
    text: Bytes,
    learn: Callable[[tuple[str, ...] | None], object],
) -> tuple[Ints, NDArray[np.int8], NDArray[np.bool_]]: ...
def framed(buffer: Bytes, offsets: Ints, roles: NDArray[np.int8], first: Ints, out: Bytes) -> None: ...
