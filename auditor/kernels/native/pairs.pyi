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
    exact: bool,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], Ints, NDArray[np.float64]]: ...
def buckets(keys: Hashes, order: Ints, rows: NDArray[np.int32], starts: Ints) -> tuple[int, int]: ...
def join(rows: NDArray[np.int32], starts: Ints, parent: NDArray[np.int32]) -> None: ...
def tally(values: Hashes, counts: NDArray[np.uint16]) -> None: ...
def prefixes(
    values: Hashes,
    starts: Ints,
    ends: Ints,
    least: float,
    counts: NDArray[np.uint16],
    keys: Hashes,
    rows: NDArray[np.int32],
    places: NDArray[np.int32],
) -> int: ...
