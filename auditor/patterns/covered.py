"""Phrases looked for in every answer, and how much of each they cover."""

from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Hashes, Ints
from auditor.kernels.moulds import Moulds, moulds, pour
from auditor.kernels.shingles import Streams
from auditor.kernels.spot import Automaton, automaton, spot
from auditor.patterns.templates import NEED
from auditor.store import read_arrow
from auditor.streams import column
from auditor.views import sums


class Wanted(NamedTuple):
    """What is looked for: phrases as tokens, templates as sets of shingles, and every row's opening and closing.

    Of the first ``nested`` phrases that stand one in the other only the longest counts.
    """

    phrases: Sequence[Sequence[int]]
    nested: int
    sets: list[Hashes]
    opening: Ints
    closing: Ints


class Covered(NamedTuple):
    """Where phrases stand: row, phrase, first token, and how many tokens are left.

    ``share`` is what phrases cover of each answer's characters; what a template covers counts for no phrase.
    """

    places: Ints
    share: NDArray[np.float64]


def covered(paths: Sequence[Path], wanted: Wanted, pool: Executor) -> Covered:
    """Look for phrases in every answer, unit by unit."""
    firsts = np.cumsum([0, *(read_arrow(path).num_rows for path in paths)])
    sets = moulds(wanted.sets, NEED) if wanted.sets else None
    look = partial(_unit, wanted=wanted, found=automaton(wanted.phrases), sets=sets)
    parts = list(pool.map(look, paths, firsts[:-1].tolist()))
    empty = Covered(np.zeros((0, 4), np.int64), np.zeros(0))
    return Covered(*(np.concatenate(held) for held in zip(empty, *parts, strict=True)))


def _unit(path: Path, first: int, wanted: Wanted, found: Automaton, sets: Moulds | None) -> Covered:
    """Look for phrases in the answers of one unit, whose first row is given."""
    held = column(read_arrow(path), "answer")
    lengths = np.array([len(phrase) for phrase in wanted.phrases], np.int64)
    places = spot(held, found)
    nested = places[:, 1] < wanted.nested
    places = np.concatenate([longest(places[nested], lengths), places[~nested]])
    mask = np.zeros(len(held.tokens), np.uint8)
    if sets:
        pour(held, sets, mask=mask)
    rows = slice(first, first + held.number)
    starts = held.bounds[places[:, 0]] + places[:, 2]
    begins = np.concatenate([starts, held.bounds[:-1], held.bounds[1:] - wanted.closing[rows]])
    ends = np.concatenate([starts + lengths[places[:, 1]], held.bounds[:-1] + wanted.opening[rows], held.bounds[1:]])
    phrase = _between(begins, ends, len(mask)) & (mask == 0)
    left = np.diff(held.bounds)[places[:, 0]] - places[:, 2]
    return Covered(
        np.column_stack([places[:, 0] + first, places[:, 1], places[:, 2], left]), _share(held, phrase)
    )  # fmt: skip


def longest(places: Ints, lengths: Ints) -> Ints:
    """Leave out phrases that stand inside a longer one."""
    end = places[:, 2] + lengths[places[:, 1]]
    order = np.lexsort((-end, places[:, 2], places[:, 0]))
    text, end = places[order, 0], end[order]
    reach = np.maximum.accumulate(end + text * (1 << 32)) if len(end) else end
    kept = np.ones(len(order), np.bool_)
    kept[1:] = end[1:] + text[1:] * (1 << 32) > reach[:-1]
    return places[order[kept]]


def _between(begins: Ints, ends: Ints, size: int) -> NDArray[np.bool_]:
    """Mark what lies between begins and ends.

    >>> _between(np.array([0, 1]), np.array([2, 3]), 5).tolist()
    [True, True, True, False, False]
    """
    depth = np.bincount(begins, minlength=size + 1) - np.bincount(ends, minlength=size + 1)
    return np.asarray(np.cumsum(depth[:size]) > 0, np.bool_)


def _share(held: Streams, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return which share of every text's characters is marked."""
    whole = sums(held.sizes.astype(np.int64), held.bounds)
    hit = sums(np.where(mask, held.sizes, 0).astype(np.int64), held.bounds)
    return np.divide(hit, whole, out=np.zeros(len(whole)), where=whole > 0)
