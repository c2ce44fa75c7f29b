"""Copies: samples, prompts or answers that are equal after normalisation."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from auditor.kernels.flat import Ints


class Copies(NamedTuple):
    """Groups of equal rows: each row's group, numbered from 0 by first row (-1: equal to no other), and its keeper.

    A row without a group is its own keeper.
    """

    group: Ints
    keeper: Ints


def halves(keys: Any) -> NDArray[np.uint64]:  # noqa: ANN401  (pyarrow has no types)
    """Look at a column of 16-byte keys as two numbers a row; nulls are zeros."""
    array = pa.concat_arrays(keys.chunks) if isinstance(keys, pa.ChunkedArray) and keys.num_chunks else keys
    if len(array) == 0:
        return np.empty((0, 2), np.uint64)
    data = np.frombuffer(array.buffers()[1], np.uint64, count=2 * (len(array) + array.offset))
    return data.reshape(-1, 2)[array.offset :]


def copies(keys: NDArray[np.uint64], rank: Ints) -> Copies:
    """Group rows with equal keys (zeros stand alone); the keeper is the row of lowest rank.

    >>> found = copies(np.array([[1, 2], [0, 0], [1, 2], [0, 0]], np.uint64), np.array([3, 2, 1, 0]))
    >>> found.group.tolist(), found.keeper.tolist()
    ([0, -1, 0, -1], [2, 1, 2, 3])
    """
    rows = len(keys)
    order = np.lexsort((rank, keys[:, 1], keys[:, 0]))
    held = keys[order]
    fresh = np.ones(rows, bool)
    fresh[1:] = (held[1:] != held[:-1]).any(axis=1) | ~held[1:].any(axis=1)
    run = np.cumsum(fresh) - 1
    keeper = np.empty(rows, np.int64)
    keeper[order] = order[np.flatnonzero(fresh)][run] if rows else order
    crowded = (np.bincount(run) > 1)[run] if rows else fresh
    group = np.full(rows, -1, np.int64)
    group[order[crowded]] = run[crowded]
    return Copies(numbered(group), keeper)


def numbered(group: Ints) -> Ints:
    """Number groups from 0 in the order of their first rows; -1 stays.

    >>> numbered(np.array([7, -1, 3, 7])).tolist()
    [0, -1, 1, 0]
    """
    held = group >= 0
    names, first, place = np.unique(group[held], return_index=True, return_inverse=True)
    order = np.empty(len(names), np.int64)
    order[np.argsort(first, kind="stable")] = np.arange(len(names))
    out = np.full(len(group), -1, np.int64)
    out[held] = order[place]
    return out
