"""Loops: text in which a unit is written back to back, judged from the runs that a kernel proposes."""

import re
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import groupby, pairwise
from operator import attrgetter, itemgetter
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from auditor.kernels.reference.loops import (
    BLANK,
    FLOOD,
    MASKED,
    PLAIN,
    TAIL,
    View,
    extent,
    holds_content,
    masked_view,
    plain_view,
)
from auditor.signals.loop_near import near_copies
from auditor.signals.loop_notation import HAN, Stretch, is_notation, is_token
from auditor.signals.loop_numbers import is_numbered_loop, values

try:
    from auditor.kernels.native import loops as kernel
except ImportError:
    from auditor.kernels.reference import loops as kernel

Severity = Literal["degenerate", "noticeable", "harmless"]

FLOOR, WIDE_FLOOR = 24, 16  # least extent of a loop; the second if most of its unit is Han, Kana or Hangul
FEWEST = 3  # copies
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
    period: int  # its characters without white space; where numbers differ, a number counts as one
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
    def full_end(self) -> int:
        """Where in the text its last full copy ends."""
        return self.view.ends[min(self.end, self.start + self.times * self.period) - 1]

    @property
    def symbols(self) -> str:
        """The symbols of one copy."""
        return self.view.symbols[self.start : self.start + self.period]

    @property
    def unit(self) -> str:
        """One copy as it is written."""
        return self.text[self.view.begins[self.start] : self.view.ends[self.start + self.period - 1]]

    def loop(self, kind: Kind) -> Loop:
        """Make a loop of it."""
        start, end = self.span
        return _loop(self.text, kind, (self.unit, self.period, self.times), (start, end))


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
    found = []
    for number, rows in groupby(kernel.runs(buffer, offsets).tolist(), key=itemgetter(0)):
        text = bytes(buffer[offsets[number] : offsets[number + 1]]).decode("utf-8", "replace")
        found += [(number, loop) for loop in _judge(text, [row[1:] for row in rows])]
    return found


def main_loop(found: Iterable[Loop]) -> Loop | None:
    """Pick the longest loop; debris only where there is nothing else."""
    return max(found, key=lambda loop: (loop.kind is not Kind.DEBRIS, loop.period * loop.times, -loop.start), default=None)


def _judge(text: str, rows: list[list[int]]) -> list[Loop]:
    """Turn the kernel's rows (view, start, end, period) for one text into loops."""
    views = {PLAIN: (Kind.EXACT, plain_view(text)), MASKED: (Kind.NUMBERED, masked_view(text))}
    runs = [_Run(text, *views[view], start, end, period) for view, start, end, period in rows if view in views]
    taken = [_blank_loop(text, start, end) for view, start, end, _ in rows if view == BLANK]
    for run in sorted(runs, key=_weight, reverse=True):
        free = _untaken(run, taken)
        if loop := free and _judge_run(free):
            insort(taken, loop, key=attrgetter("start"))
    for view, start, _, _ in rows:
        if view == TAIL:
            taken = _with_near(text, views[MASKED][1], start, taken)
    return taken


def _weight(run: _Run) -> float:
    start, end = run.span
    return (end - start) * (EXACT_FIRST if run.kind is Kind.EXACT else 1)


def _untaken(run: _Run, taken: list[Loop]) -> _Run | None:
    """Cut off what a longer loop has taken already."""
    start, end = run.start, run.end
    first, last = run.span
    at = bisect_left(taken, last, key=attrgetter("start"))
    for loop in reversed(taken[:at]):
        if loop.end <= first:
            break
        if loop.start <= first:
            start = bisect_left(run.view.begins, loop.end)
        else:
            end = min(end, bisect_left(run.view.begins, loop.start))
    return run._replace(start=start, end=end) if end - start > 2 * run.period else None


def _judge_run(run: _Run) -> Loop | None:
    start, end = run.span
    if run.times < FEWEST:
        return None
    size = extent(run.text[start:end])
    if run.kind is Kind.EXACT and (not holds_content(run.symbols) or is_token(run.unit)):
        return run.loop(Kind.DEBRIS) if size > FLOOD else None
    if size < (WIDE_FLOOR if 2 * len(HAN.findall(run.symbols)) > run.period else FLOOR):
        return None
    stretch = Stretch(run.text, (start, run.full_end, end), run.unit, run.times)
    if run.kind is Kind.EXACT:
        return None if is_notation(stretch) or _is_half_word(run) else run.loop(Kind.EXACT)
    numbers = values(run.view, run.text, (run.start, run.end), run.period)
    return run.loop(Kind.NUMBERED) if is_numbered_loop(stretch, run.symbols, numbers) else None


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
    lines = {i for i, (end, begin) in enumerate(zip([0, *view.ends], view.begins)) if not i or "\n" in text[end:begin]}
    begins = near_copies(view.symbols, tail, lines)
    if not begins:
        return taken
    start, end = view.begins[begins[0]], view.ends[-1]
    if any(loop.end > start and 4 * (loop.end - loop.start) > end - start for loop in taken):
        return taken
    middle = len(begins) // 2 - 1
    unit = text[view.begins[begins[middle]] : view.ends[begins[middle + 1] - 1]]
    size = begins[middle + 1] - begins[middle]
    return [loop for loop in taken if loop.end <= start] + [
        _loop(text, Kind.NEAR, (unit, size, len(begins) - 1), (start, end))
    ]


def _blank_loop(text: str, start: int, end: int) -> Loop:
    """Describe a flood of white space by its commonest character."""
    unit, times = Counter(text[start:end]).most_common(1)[0]
    return _loop(text, Kind.DEBRIS, (unit, 0, times), (start, end))


def _loop(text: str, kind: Kind, copies: tuple[str, int, int], span: tuple[int, int]) -> Loop:
    """Complete a loop: is it cut, and how bad is it?"""
    (unit, period, times), (start, end) = copies, span
    cut = len(text.rstrip()) - end <= 2  # definition, rule 7
    size = extent(text[start:end])
    severity: Severity = "noticeable"
    if size >= 200 or (cut and size >= 100 and 2 * size > len(text)):
        severity = "degenerate"
    elif size < 64 and period <= 6:
        severity = "harmless"
    return Loop(kind, unit, period, times, start, end, cut, severity)
