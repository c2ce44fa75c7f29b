"""Phrases looked for in every answer, and how much of each they cover."""

from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Bytes, Hashes, Ints
from auditor.kernels.moulds import Moulds, moulds, pour
from auditor.kernels.shingles import Streams, taken
from auditor.kernels.spot import Automaton, automaton, spot
from auditor.patterns.templates import NEED
from auditor.streams import column, table


class Wanted(NamedTuple):
    """What is looked for: phrases as tokens, and every row's opening and closing (tokens).

    ``sets`` are the templates, as shingles, and ``poured`` tells the rows that are of one.
    Of the first ``nested`` phrases that stand one in the other only the longest counts.
    """

    phrases: Sequence[Sequence[int]]
    nested: int
    sets: list[Hashes]
    poured: NDArray[np.bool_]
    opening: Bytes
    closing: Bytes


class Covered(NamedTuple):
    """Where phrases stand: row, phrase, first token, and how many tokens are left.

    ``share`` is what phrases cover of each answer's characters; what a template covers counts for no phrase.
    """

    places: Ints
    share: NDArray[np.float64]


def covered(paths: Sequence[Path], wanted: Wanted, pool: Executor) -> Covered:
    """Look for phrases in every answer, unit by unit."""
    firsts = np.cumsum([0, *(table(path).num_rows for path in paths)])
    sets = moulds(wanted.sets, NEED) if wanted.sets else None
    look = partial(_unit, wanted=wanted, found=automaton(wanted.phrases), sets=sets)
    parts = list(pool.map(look, paths, firsts[:-1].tolist()))
    empty = Covered(np.zeros((0, 4), np.int64), np.zeros(0))
    return Covered(*(np.concatenate(held) for held in zip(empty, *parts, strict=True)))


def _unit(path: Path, first: int, wanted: Wanted, found: Automaton, sets: Moulds | None) -> Covered:
    """Look for phrases in the answers of one unit, whose first row is given."""
    held = column(table(path), "answer")
    lengths = np.array([len(phrase) for phrase in wanted.phrases], np.int64)
    places = spot(held, found)
    nested = places[:, 1] < wanted.nested
    places = np.concatenate([longest(places[nested], lengths), places[~nested]])
    rows = slice(first, first + held.number)
    spans = _spans(held, places, lengths, wanted, rows)
    sizes = held.sizes
    if sets:
        sizes = _left(held, sets, np.unique(spans[wanted.poured[rows][spans[:, 0]], 0]))
    share = _share(held, sizes, spans)
    left = np.diff(held.bounds)[places[:, 0]] - places[:, 2]
    return Covered(np.column_stack([places[:, 0] + first, places[:, 1], places[:, 2], left]), share)


def _left(held: Streams, sets: Moulds, texts: Ints) -> Bytes:
    """Return the sizes of tokens, 0 for those that a template covers in some texts (rising)."""
    wanted = np.zeros(held.number, np.bool_)
    wanted[texts] = True
    some = taken(held, texts)
    mask = np.zeros(len(some.tokens), np.uint8)
    pour(some, sets, mask=mask)
    sizes = held.sizes.copy()
    sizes[np.repeat(wanted, np.diff(held.bounds))] = np.where(mask > 0, np.uint8(0), some.sizes)
    return sizes


def _spans(held: Streams, places: Ints, lengths: Ints, wanted: Wanted, rows: slice) -> Ints:
    """Return what phrases take up: text, first token and the one behind the last; shape (spans, 3)."""
    starts = held.bounds[places[:, 0]] + places[:, 2]
    opened, closed = np.flatnonzero(wanted.opening[rows]), np.flatnonzero(wanted.closing[rows])
    begin, end = held.bounds[opened], held.bounds[closed + 1]
    return np.concatenate(
        [
            np.column_stack([places[:, 0], starts, starts + lengths[places[:, 1]]]),
            np.column_stack([opened, begin, begin + wanted.opening[rows][opened].astype(np.int64)]),
            np.column_stack([closed, end - wanted.closing[rows][closed].astype(np.int64), end]),
        ]
    )


def _share(held: Streams, sizes: Bytes, spans: Ints) -> NDArray[np.float64]:
    """Return which share of every text's characters spans take up, what two of them share counted once."""
    text, begin, end = spans[np.argsort(spans[:, 1], kind="stable")].T
    begin = np.maximum(begin, np.maximum.accumulate(np.append(0, end[:-1]))[: len(begin)])
    total = np.zeros(len(sizes) + 1, np.int32)
    np.cumsum(sizes, out=total[1:])
    hit = np.bincount(text, np.maximum(total[np.maximum(begin, end)] - total[begin], 0), minlength=held.number)
    filled = np.diff(held.bounds) > 0
    whole = np.zeros(held.number)
    whole[filled] = np.add.reduceat(held.sizes, held.bounds[:-1][filled], dtype=np.int64)
    return np.divide(hit, whole, out=np.zeros(held.number), where=whole > 0)


def longest(places: Ints, lengths: Ints) -> Ints:
    """Leave out phrases that stand inside a longer one."""
    end = places[:, 2] + lengths[places[:, 1]]
    order = np.lexsort((-end, places[:, 2], places[:, 0]))
    text, end = places[order, 0], end[order]
    reach = np.maximum.accumulate(end + text * (1 << 32)) if len(end) else end
    kept = np.ones(len(order), np.bool_)
    kept[1:] = end[1:] + text[1:] * (1 << 32) > reach[:-1]
    return places[order[kept]]
