import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Bytes, Hashes, Ints, Lanes

def ngrams(hashes: Hashes, sizes: Lanes, bounds: Ints, out: NDArray[np.float64], surplus: Ints) -> None: ...
def pieces(buffer: Bytes, offsets: Ints, groups: Ints, paragraphs: bool, out: Ints) -> None: ...
