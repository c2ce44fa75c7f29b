"""Groups of samples in columns: what relations tie together, and the row that stands for each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from auditor.kernels.flat import Ints
from auditor.kernels.order import ordered
from auditor.relations.copies import numbered

NAMED = 12
"""Digits of a content id in the name of a group."""


@dataclass(frozen=True)
class Groups:
    """Samples that relations tie together: group ``g`` has ``rows[starts[g]:starts[g + 1]]``, in reading order.

    ``keeper`` is the row that stands for a group, ``nearest`` the similarity of the two that are most alike, ``texts``
    what all of them have (null: nothing that is shown), ``tokens`` the trained tokens at stake (-1: those of all rows
    but the keeper), ``variety`` the different answers to one prompt, or the different prompts with one answer.
    """

    names: pa.Array
    kinds: pa.Array
    rows: Ints
    starts: Ints
    keeper: Ints
    nearest: NDArray[np.float64]
    texts: pa.Array
    tokens: Ints
    variety: Ints

    def __len__(self) -> int:
        """How many groups there are."""
        return len(self.keeper)

    @property
    def sizes(self) -> Ints:
        """How many rows each group has."""
        return np.diff(self.starts)

    @cached_property
    def owners(self) -> Ints:
        """The group of each of ``rows``."""
        return np.repeat(np.arange(len(self)), self.sizes)

    def members(self, group: int) -> Ints:
        """Return the rows of one group."""
        return self.rows[self.starts[group] : self.starts[group + 1]]

    def each(self, groups: Ints) -> Iterator[Ints]:
        """Yield the rows of some groups."""
        return (self.members(group) for group in groups.tolist())

    def all(self, groups: Ints) -> tuple[Ints, Ints]:
        """Return the rows of some groups, one behind the other, and how many each has."""
        sizes = self.sizes[groups]
        first = np.repeat(self.starts[groups] - np.cumsum(sizes) + sizes, sizes)
        return self.rows[np.arange(len(first)) + first], sizes

    def of(self, *kinds: str) -> NDArray[np.bool_]:
        """Tell which groups are of some kinds."""
        hit = pc.is_in(self.kinds, pa.array(kinds, pa.string()))
        return np.asarray(hit.to_numpy(zero_copy_only=False), np.bool_)

    def most(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the highest value of a row of each group."""
        return np.maximum.reduceat(values[self.rows], self.starts[:-1]) if len(self) else np.zeros(0)

    def different(self, values: Ints) -> Ints:
        """Return how many different values the rows of each group have.

        >>> ids = pa.chunked_array([["a", "b", "c", "d", "e"]])
        >>> held = groups_of("prompt", np.array([0, 0, 0, 1, 1]), np.array([0, 0, 0, 3, 3]), ids)
        >>> held.different(np.array([7, 8, 7, 9, 9])).tolist()
        [2, 1]
        """
        held = values[self.rows]
        order = ordered(self.owners, held)
        fresh = (np.diff(self.owners[order], prepend=-1) != 0) | (np.diff(held[order], prepend=-1) != 0)
        return np.bincount(self.owners[order][fresh], minlength=len(self))

    def but(self, **columns: NDArray[np.generic]) -> "Groups":
        """Return these groups with other values in some columns."""
        return replace(self, **columns)  # type: ignore[arg-type]


def groups_of(kind: str, group: Ints, keeper: Ints, ids: pa.ChunkedArray) -> Groups:
    """List groups (-1: none) by the place of their first row; their names come from their keepers' content."""
    number = numbered(group)
    held = np.flatnonzero(number >= 0)
    rows = held[ordered(number[held])]
    many = int(number.max(initial=-1)) + 1
    starts = np.concatenate([[0], np.cumsum(np.bincount(number[held], minlength=many))]).astype(np.int64)
    firsts = rows[starts[:-1]]
    best = np.where(group[keeper[firsts]] == group[firsts], keeper[firsts], firsts)
    digits = pc.utf8_slice_codeunits(_flat(ids.take(pa.array(best))), 0, NAMED)
    names = pc.binary_join_element_wise(pa.scalar(kind), digits, "-")
    return Groups(
        names, pa.repeat(kind, many), rows, starts, best, np.ones(many), pa.nulls(many, pa.string()),
        np.full(many, -1, np.int64), np.zeros(many, np.int64),
    )  # fmt: skip


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def listed(kinds: Sequence[str], names: Sequence[str], rows: Sequence[Ints], keeper: Sequence[int]) -> Groups:
    """Put groups together that were found one by one."""
    many = len(names)
    return Groups(
        pa.array(names, pa.string()), pa.array(kinds, pa.string()), np.concatenate([np.zeros(0, np.int64), *rows]),
        np.cumsum([0, *map(len, rows)]), np.array(keeper, np.int64), np.ones(many), pa.nulls(many, pa.string()),
        np.full(many, -1, np.int64), np.zeros(many, np.int64),
    )  # fmt: skip


def joined(parts: Sequence[Groups]) -> Groups:
    """Put several lists of groups one behind the other (at least one)."""
    shifts = np.cumsum([0, *(len(part.rows) for part in parts)]).tolist()
    starts = [part.starts[:-1] + shift for part, (shift, _) in zip(parts, pairwise(shifts), strict=True)]
    columns = {
        name: pa.concat_arrays([getattr(part, name) for part in parts]) for name in ("names", "kinds", "texts")
    } | {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("rows", "keeper", "nearest", "tokens", "variety")
    }
    return Groups(starts=np.concatenate([*starts, shifts[-1:]]).astype(np.int64), **columns)
