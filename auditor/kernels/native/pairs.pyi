from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Hashes, Ints

def relate(
    values: Hashes,
    starts: Ints,
    ends: Ints,
    wide: Hashes,
    wide_starts: Ints,
    wide_ends: Ints,
    system: Hashes,
    lanes: NDArray[np.uint8],
    bands: Sequence[tuple[NDArray[np.int32], Ints, NDArray[np.int32]]],
    tie: float,
    drop: float,
    floor: float,
    least: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], Ints, NDArray[np.float64]]: ...
def buckets(keys: Hashes, order: Ints, rows: NDArray[np.int32], starts: Ints) -> tuple[int, int]: ...
def join(rows: NDArray[np.int32], starts: Ints, parent: NDArray[np.int32]) -> None: ...
def prefixes(
    values: Hashes,
    starts: Ints,
    ends: Ints,
    least: float,
    bits: int,
    keys: Hashes,
    rows: NDArray[np.int32],
    places: NDArray[np.int32],
) -> int: ...
