"""Fine tokens as they are written: where each stands in its turn."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from auditor.evidence.places import moved, origins
from auditor.kernels.fine import BREAK, fine
from auditor.kernels.flat import Ints, flat
from auditor.kernels.tokens import normalise
from auditor.text import analysed


class Span(NamedTuple):
    """A stretch of one turn: code points from ``start`` to ``end``."""

    turn: int
    start: int
    end: int


class Spelled(NamedTuple):
    """The fine tokens of turns, and where each begins and ends as written; ``turn`` names the texts."""

    texts: Mapping[int, str]
    turn: Ints
    starts: Ints
    ends: Ints

    def spans(self, first: int, last: int) -> list[Span]:
        """Return the stretches of text that tokens ``first`` to ``last`` (not included) take up, turn by turn."""
        found = []
        turns = self.turn[first:last]
        inner = (np.flatnonzero(turns[1:] != turns[:-1]) + 1).tolist() if len(turns) and turns[0] != turns[-1] else []
        for begin, stop in pairwise([0, *inner, len(turns)]) if len(turns) else []:
            own = slice(first + begin, first + stop)
            start, end = int(self.starts[own].min()), int(self.ends[own].max())
            if start < end:
                found.append(Span(int(turns[begin]), start, end))
        return found

    def text(self, first: int, last: int) -> str:
        """Return what tokens ``first`` to ``last`` (not included) say."""
        return self.said(self.spans(first, last))

    def said(self, spans: Sequence[Span]) -> str:
        """Return what stretches of text say."""
        return "\n".join(self.texts[turn][start:end] for turn, start, end in spans)


def spelled(texts: Sequence[str]) -> Spelled:
    """Find the fine tokens of texts where they are written."""
    held = normalise(flat(map(analysed, texts)))
    folded = list(held.strings())
    found = fine(held, placed=True)
    turn = np.repeat(np.arange(len(texts)), np.diff(found.bounds))
    starts = found.places.copy()
    ends = starts + _widths(found.places, found.sizes, folded, turn)
    for at in moved(texts, folded):
        text = texts[at]
        if borders := origins(text, folded[at]):
            own = slice(int(found.bounds[at]), int(found.bounds[at + 1]))
            begin = np.concatenate([borders[0], [len(text)]])
            end = np.concatenate([[0], borders[1]])
            wide = ends[own] > starts[own]
            starts[own], ends[own] = begin[starts[own]], np.where(wide, end[ends[own]], begin[starts[own]])
    breaks = np.flatnonzero(found.hashes == BREAK)
    starts[breaks], ends[breaks] = ends[breaks - 1], starts[breaks + 1]
    return Spelled(dict(enumerate(texts)), turn, starts, ends)


def _widths(places: Ints, sizes: np.ndarray, folded: Sequence[str], turn: Ints) -> Ints:
    """Return how many code points each token takes up; the kernel counts up to 255."""
    widths = sizes.astype(np.int64)
    for at in np.flatnonzero(sizes == 255).tolist():
        text, end = folded[turn[at]], int(places[at]) + 255
        stop = int(places[at + 1])
        widths[at] = 255 + len(text[end:stop].rstrip())
    return widths
