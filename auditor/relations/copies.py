"""Copies: samples, prompts or answers that are equal after normalisation."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from auditor.kernels.flat import Ints
from auditor.kernels.order import ordered
from auditor.kernels.pairs import buckets


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
    """Group rows with equal keys (zeros stand alone); the keeper is the row of lowest rank, which numbers all rows.

    >>> found = copies(np.array([[1, 2], [0, 0], [1, 2], [0, 0]], np.uint64), np.array([3, 2, 1, 0]))
    >>> found.group.tolist(), found.keeper.tolist()
    ([0, -1, 0, -1], [2, 1, 2, 3])
    """
    order = np.empty(len(keys), np.int64)
    order[rank] = np.arange(len(keys))
    order = order[(keys[order, 0] | keys[order, 1]) != 0]
    found = buckets(np.ascontiguousarray(keys[:, 0]), order)
    rows, starts = order[found.rows], found.starts
    if (keys[rows, 1] != np.repeat(keys[rows[starts[:-1]], 1], np.diff(starts))).any():
        return _sorted(keys, rank)
    keeper, group = np.arange(len(keys), dtype=np.int64), np.full(len(keys), -1, np.int64)
    keeper[rows] = np.repeat(rows[starts[:-1]], np.diff(starts))
    group[rows] = keeper[rows]
    return Copies(numbered(group), keeper)


def _sorted(keys: NDArray[np.uint64], rank: Ints) -> Copies:
    """Group rows by both halves of their keys: for the day when two contents have the same first half."""
    rows = len(keys)
    order = ordered(keys[:, 0], keys[:, 1], rank)
    held = keys[order]
    fresh = np.ones(rows, bool)
    fresh[1:] = (held[1:] != held[:-1]).any(axis=1) | ~held[1:].any(axis=1)
    run = np.cumsum(fresh) - 1
    keeper = np.empty(rows, np.int64)
    keeper[order] = order[np.flatnonzero(fresh)][run]
    crowded = (np.bincount(run) > 1)[run]
    group = np.full(rows, -1, np.int64)
    group[order[crowded]] = run[crowded]
    return Copies(numbered(group), keeper)


def numbered(group: Ints) -> Ints:
    """Number groups from 0 in the order of their first rows; -1 stays.

    >>> numbered(np.array([7, -1, 3, 7])).tolist()
    [0, -1, 1, 0]
    """
    held = np.flatnonzero(group >= 0)
    first = np.full(int(group.max(initial=-1)) + 1, -1, np.int64)
    first[group[held[::-1]]] = held[::-1]
    opens = np.zeros(len(group), np.bool_)
    opens[first[first >= 0]] = True
    out = np.full(len(group), -1, np.int64)
    out[held] = (np.cumsum(opens) - 1)[first[group[held]]]
    return out
