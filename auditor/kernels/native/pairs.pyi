from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Hashes, Ints

def relate(
    values: Hashes,
    offsets: Ints,
    wide: Hashes,
    wide_offsets: Ints,
    system: Hashes,
    lanes: NDArray[np.uint8],
    bands: Sequence[tuple[NDArray[np.int32], Ints]],
    tie: float,
    drop: float,
    floor: float,
    least: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], Ints, NDArray[np.float64]]: ...
def buckets(keys: Hashes, order: Ints, rows: NDArray[np.int32], starts: Ints) -> tuple[int, int]: ...
