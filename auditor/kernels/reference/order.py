"""Sort rows by numbers."""

import numpy as np

from auditor.kernels.flat import Hashes, Ints


def sort(keys: Hashes, order: Ints) -> None:
    """Sort ``order``, rows of ``keys``, by their keys; rows with equal keys stay as they are."""
    order[:] = order[np.argsort(keys[order], kind="stable")]
