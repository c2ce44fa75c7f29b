"""Templates as sets of shingles: what each text is poured from, and what fills the gaps."""

from typing import NamedTuple

import numpy as np

from auditor.kernels.flat import Bytes, Hashes, Ints
from auditor.kernels.reference import moulds as plain
from auditor.kernels.shingles import SIZE, Numbers, Streams, Table, checked, table

try:
    from auditor.kernels.native import moulds as native
except ImportError:
    native = None  # type: ignore[assignment]

COMPILED = native is not None
kernel = native if COMPILED else plain

UNMASKED: Bytes = np.zeros(0, np.uint8)
"""No mask is wanted."""


class Moulds(NamedTuple):
    """Templates as sets of shingles: shingle ``s`` belongs to ``owners[starts[s]:starts[s + 1]]``.

    ``need`` says how many distinct shingles of a template a text must hold.
    """

    table: Table
    starts: Ints
    owners: Numbers
    need: Numbers


class Poured(NamedTuple):
    """What each text is poured from (-1: nothing), by how many shingles, and its characters: covered, and all."""

    mould: Numbers
    score: Numbers
    covered: Numbers
    whole: Numbers


def moulds(sets: list[Hashes], share: float) -> Moulds:
    """Lay templates out for looking them up; a text needs this share of a template's shingles."""
    held = np.concatenate([np.zeros(0, np.uint64), *sets])
    owner = np.repeat(np.arange(len(sets), dtype=np.int32), [len(each) for each in sets])
    order = np.lexsort((owner, held))
    values, counts = np.unique(held, return_counts=True)
    need = np.array([max(1, int(np.ceil(share * len(each)))) for each in sets], np.int32)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Moulds(table(values), starts, owner[order], need)


def pour(streams: Streams, found: Moulds, size: int = SIZE, mask: Bytes = UNMASKED) -> Poured:
    """Find each text's template: the one most of whose shingles, of ``size`` tokens, it holds.

    ``mask``, if given, takes 1 for every token that a template covers.
    """
    tokens, sizes, bounds = checked(streams)
    if len(mask) not in (0, len(tokens)):
        raise ValueError("a mask has a place for each token")
    out = Poured(*np.zeros((4, streams.number), np.int32))
    longest = int(np.diff(bounds).max(initial=0))
    marks, hits = np.full(len(found.starts) - 1, -1, np.int32), np.zeros(len(found.need), np.int32)
    spots, which = np.empty((2, longest), np.int32)
    kernel.pour(
        tokens, sizes, bounds, size, *found.table, found.starts, found.owners, found.need, marks, hits, spots, which,
        mask, *out,
    )  # fmt: skip
    return out


class Gaps(NamedTuple):
    """What stands between fixed runs: columns text, slot, start, end (tokens within the text), and a hash of it."""

    places: Ints
    hashes: Hashes


class Runs(NamedTuple):
    """Which runs of a template's fixed text hold shingle ``values[s]``: ``runs[starts[s]:starts[s + 1]]``, rising."""

    values: Hashes
    starts: Ints
    runs: Numbers


def gaps(streams: Streams, chosen: Numbers, fixed: Runs) -> Gaps:
    """Return the fillers of chosen texts of one template."""
    tokens, _, bounds = checked(streams)
    if len(chosen) and (chosen.min() < 0 or chosen.max() >= streams.number):
        raise ValueError("a text is named that is not there")
    room = int((np.diff(bounds)[chosen] + 1).sum())
    out, hashes = np.empty((room, 4), np.int64), np.empty(room, np.uint64)
    found = table(fixed.values)
    n = kernel.gaps(
        tokens, bounds, SIZE, chosen, found.slots, found.numbers, fixed.starts, fixed.runs, out, hashes
    )  # fmt: skip
    return Gaps(out[:n].copy(), hashes[:n].copy())
