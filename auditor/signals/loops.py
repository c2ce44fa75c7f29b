"""Loops: text in which a unit is written back to back, judged from the runs that a kernel proposes."""

import re
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from auditor.kernels.reference import loops as reference
from auditor.kernels.reference.loops import View, extent, holds_content
from auditor.signals.loop_near import near_copies
from auditor.signals.loop_notation import HAN, Stretch, ends_at, is_notation, is_token
from auditor.signals.loop_numbers import is_numbered_loop, values

try:
    from auditor.kernels.native import loops as native
except ImportError:
    native = None  # type: ignore[assignment]

kernel = reference if native is None else native

Severity = Literal["degenerate", "noticeable", "harmless"]

FEWEST = 3  # copies
FLOOR, WIDE_FLOOR = 24, 16  # least extent of a loop; the second if most of its unit is Han, Kana or Hangul
LONG = 150  # extent from which a loop is degenerate if it runs into the end, or is of many copies, or most of the text
MANY, MOST = 10, 0.5  # copies that are many; share of a text that is most of it
SHORT = 64  # extent up to which a small unit is harmless
SMALL = 6  # characters of a unit: "see picture", "ha ha"
EXACT_FIRST = 1.25  # a numbered run must be longer than an exact one by this factor to take its place


class Kind(str, Enum):
    """The kinds of loops; debris, a flood without content, is counted apart."""

    EXACT = "exact"
    NUMBERED = "numbered"
    NEAR = "near"
    DEBRIS = "debris"


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop of a text."""

    kind: Kind
    unit: str  # one copy, as it is written
    period: int  # its characters without white space; where numbers may differ, a number counts as one
    times: int  # full copies
    start: int  # in code points of the text
    end: int
    cut: bool  # the text ends within the loop
    severity: Severity


class _Run(NamedTuple):
    """A run of one view of a text, in symbols of the view."""

    text: str
    kind: Kind
    view: View
    start: int
    end: int
    period: int

    @property
    def span(self) -> tuple[int, int]:
        """Where it is in the text."""
        return self.view.begins[self.start], self.view.ends[self.end - 1]

    @property
    def times(self) -> int:
        """Its full copies; to lack marks only is to be full."""
        full, rest = divmod(self.end - self.start, self.period)
        lacking = self.view.symbols[self.start + rest : self.start + self.period]
        return full + (rest > 0 and not holds_content(lacking))

    @property
    def stretch(self) -> Stretch:
        """The same as a stretch of the text."""
        start, end = self.span
        full_end = self.view.ends[min(self.end, self.start + self.times * self.period) - 1]
        unit = self.text[start : self.view.ends[self.start + self.period - 1]]
        return Stretch(self.text, (start, full_end, end), unit, self.times)

    @property
    def symbols(self) -> str:
        """The symbols of one copy."""
        return self.view.symbols[self.start : self.start + self.period]


def loops(text: str) -> list[Loop]:
    """Find the loops of one text, in order and apart from each other.

    >>> [(loop.unit, loop.times) for loop in loops("Well, no no no no no no no no no no.")]
    [('no', 10)]
    """
    # A lone surrogate cannot be encoded; it is one code point, as its stand-in is.
    data = np.frombuffer(re.sub("[\ud800-\udfff]", "\ufffd", text).encode(), np.uint8)
    return [loop for _, loop in find(data, np.array([0, data.size]))]


def find(buffer: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> list[tuple[int, Loop]]:
    """Find the loops of many texts: the number of a text and a loop of it, in order.

    Text `i` is `buffer[offsets[i]:offsets[i + 1]]`, UTF-8; starts and ends are code points within it.
    """
    proposed: npt.NDArray[np.int64] = kernel.runs(buffer, offsets)
    found = []
    for number, rows in groupby(proposed.tolist(), key=itemgetter(0)):
        text = bytes(buffer[offsets[number] : offsets[number + 1]]).decode("utf-8", "replace")
        found += [(number, loop) for loop in _judge(text, [row[1:] for row in rows])]
    return found


def main_loop(found: Iterable[Loop]) -> Loop | None:
    """Pick the loop of most characters, white space aside; debris only where there is nothing else."""
    weight = [((loop.kind is not Kind.DEBRIS, loop.period * loop.times, -loop.start), loop) for loop in found]
    return max(weight, key=itemgetter(0))[1] if weight else None


def _judge(text: str, rows: list[list[int]]) -> list[Loop]:
    """Turn the kernel's rows (view, start, end, period) for one text into loops."""
    kinds = {view for view, *_ in rows}
    views = {}
    if reference.PLAIN in kinds:
        views[reference.PLAIN] = (Kind.EXACT, reference.plain_view(text))
    if kinds & {reference.MASKED, reference.TAIL}:
        views[reference.MASKED] = (Kind.NUMBERED, reference.masked_view(text))
    runs = [_Run(text, *views[view], start, end, period) for view, start, end, period in rows if view in views]
    taken = [_blank_loop(text, start, end) for view, start, end, _ in rows if view == reference.BLANK]
    for run in sorted(runs, key=_weight, reverse=True):
        free = _untaken(run, taken)
        if loop := free and _judge_run(free):
            insort(taken, loop, key=attrgetter("start"))
    for view, start, _, _ in rows:
        if view == reference.TAIL:
            taken = _with_near(text, views[reference.MASKED][1], start, taken)
    return taken


def _weight(run: _Run) -> float:
    start, end = run.span
    return (end - start) * (EXACT_FIRST if run.kind is Kind.EXACT else 1)


def _untaken(run: _Run, taken: list[Loop]) -> _Run | None:
    """Cut off what a longer loop has taken already."""
    start, end = run.start, run.end
    first, last = run.span
    for at in range(bisect_left(taken, last, key=attrgetter("start")) - 1, -1, -1):
        loop = taken[at]
        if loop.end <= first:
            break
        if loop.start <= first:
            start = bisect_left(run.view.begins, loop.end)
        else:
            end = min(end, bisect_left(run.view.begins, loop.start))
    return run._replace(start=start, end=end) if end - start > 2 * run.period else None


def _judge_run(run: _Run) -> Loop | None:
    if run.times < FEWEST:
        return None
    stretch = run.stretch
    size = extent(run.text[slice(*run.span)])
    if run.kind is Kind.EXACT and (not holds_content(run.symbols) or is_token(stretch.unit)):
        return _loop(stretch, Kind.DEBRIS, run.period) if size > reference.FLOOD else None
    if size < (WIDE_FLOOR if 2 * len(HAN.findall(run.symbols)) > run.period else FLOOR):
        return None
    if run.kind is Kind.EXACT:
        return None if is_notation(stretch) or _is_half_word(run) else _loop(stretch, Kind.EXACT, run.period)
    numbers = values(run.view, run.text, (run.start, run.end), run.period)
    return _loop(stretch, Kind.NUMBERED, run.period) if is_numbered_loop(stretch, run.symbols, numbers) else None


def _is_half_word(run: _Run) -> bool:
    """Say whether a third copy is claimed that is only the end of another word, and lacks its last mark besides."""
    start = run.span[0]
    begun = start > 0 and run.text[start - 1].isalpha() and run.text[start].isalpha() and run.text[start].isascii()
    return begun and run.end - run.start < FEWEST * run.period


def _with_near(text: str, view: View, tail: int, taken: list[Loop]) -> list[Loop]:
    """Add the near loop at the end of a text unless other loops explain that end."""
    covered = sum(loop.end - max(loop.start, view.begins[tail]) for loop in taken if loop.end > view.begins[tail])
    if 2 * covered > len(text) - view.begins[tail]:
        return taken
    gaps = zip([0, *view.ends], view.begins, strict=False)
    lines = {i for i, (end, begin) in enumerate(gaps) if i == 0 or "\n" in text[end:begin]}
    begins = near_copies(view.symbols, tail, lines)
    if not begins:
        return taken
    start, end = view.begins[begins[0]], view.ends[-1]
    if any(loop.end > start and 4 * (loop.end - loop.start) > end - start for loop in taken):
        return taken
    first, second = begins[len(begins) // 2 - 1 : len(begins) // 2 + 1]  # a copy of middling length
    unit = text[view.begins[first] : view.ends[second - 1]]
    near = _loop(Stretch(text, (start, end, end), unit, len(begins) - 1), Kind.NEAR, second - first)
    return [*(loop for loop in taken if loop.end <= start), near]


def _blank_loop(text: str, start: int, end: int) -> Loop:
    """Describe a flood of white space by its commonest character."""
    unit, times = Counter(text[start:end]).most_common(1)[0]
    return _loop(Stretch(text, (start, end, end), unit, times), Kind.DEBRIS, 0)


def _loop(stretch: Stretch, kind: Kind, period: int) -> Loop:
    """Complete a loop: whether it is cut, and how bad it is."""
    start, _, end = stretch.span
    cut = ends_at(stretch.text, end + 2)  # definition, rule 7
    size = extent(stretch.text[start:end])
    severity: Severity = "noticeable"
    if size >= LONG and (cut or stretch.times >= MANY or end - start >= MOST * len(stretch.text)):
        severity = "degenerate"
    elif size < SHORT and period <= SMALL:
        severity = "harmless"
    return Loop(kind, stretch.unit, period, stretch.times, start, end, cut, severity)
