"""Propose the stretches of texts that may be loops: the definition, in Python and numpy.

Four views of a text are searched:

- PLAIN: the text without white space;
- MASKED: the same with one "0" for every run of digits;
- TAIL: the end of the masked view, where it consists of what stood shortly before;
- BLANK: the text itself, for floods of white space.

Nothing is judged here: a table row with a period is proposed like any other run.
"""

import re
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

PLAIN, MASKED, TAIL, BLANK = range(4)

LEAST_SPAN = 16  # code points of the text, white space as `extent` counts it: the lower of the definition's two floors
FLOOD = 200  # a run without content, or of white space, counts only beyond this
GRAM = 5  # symbols that must recur for a place to count as seen before
SHORTEST_TAIL = 48  # four near copies of ten symbols fill it; longer tails are tried by doubling
LAST = 32  # the very end must consist of seen places too

Row = tuple[int, int, int, int]  # view, start, end, period


class View(NamedTuple):
    """The symbols that are compared, and where in the text each of them begins and ends."""

    symbols: str
    begins: list[int]
    ends: list[int]


def runs(buffer: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Find the periodic stretches of many texts: sorted rows of text, view, start, end, period.

    Text `i` is `buffer[offsets[i]:offsets[i + 1]]`, UTF-8. PLAIN and MASKED rows are maximal repetitions with their
    shortest period and at least three copies, of which the last may lack symbols without content; start and end count
    symbols of the view. TAIL and BLANK rows have the period 0; BLANK ones count code points of the text.

    >>> text = np.frombuffer(b"It is so so so so so so so so so so so.", np.uint8)
    >>> runs(text, np.array([0, text.size])).tolist()
    [[0, 0, 4, 26, 2]]
    """
    found = []
    for number in range(len(offsets) - 1):
        text = bytes(buffer[offsets[number] : offsets[number + 1]]).decode("utf-8", "replace")
        masked = masked_view(text)
        rows = [*_periodic(PLAIN, plain_view(text), text), *_periodic(MASKED, masked, text)]
        found += [(number, *row) for row in sorted([*rows, *_tail(masked.symbols), *_blanks(text)])]
    return np.array(found, np.int64).reshape(-1, 5)


def plain_view(text: str) -> View:
    """Take the white space out.

    >>> plain_view("so  so")
    View(symbols='soso', begins=[0, 1, 4, 5], ends=[1, 2, 5, 6])
    """
    begins = list(chain.from_iterable(range(*word.span()) for word in re.finditer(r"\S+", text)))
    return View("".join(text.split()), begins, [place + 1 for place in begins])


def masked_view(text: str) -> View:
    """Take the white space out, and let one "0" stand for every run of digits.

    >>> masked_view("so 12 3")
    View(symbols='so0', begins=[0, 1, 3], ends=[1, 2, 7])
    """
    plain = plain_view(text)
    begins, ends, done = [], [], 0
    for number in re.finditer(r"\d+", plain.symbols):
        start, end = number.span()
        begins += plain.begins[done : start + 1]
        ends += [*plain.ends[done:start], plain.ends[end - 1]]
        done = end
    return View(re.sub(r"\d+", "0", plain.symbols), begins + plain.begins[done:], ends + plain.ends[done:])


def holds_content(symbols: str) -> bool:
    """Say whether a letter, a digit or an emoji is among the symbols; the stars of rulings and ratings are neither.

    >>> holds_content("-=-"), holds_content("- a"), holds_content("😀"), holds_content("★☆")
    (False, True, True, False)
    """
    return any(c.isalnum() or c >= "\U0001f000" or ("\u2600" <= c <= "\u27bf" and c not in "★☆") for c in symbols)


def extent(stretch: str) -> int:
    r"""Measure a stretch as the floors do: every run of white space counts one.

    >>> extent("so \n so")
    5
    """
    return len(re.sub(r"\s+", " ", stretch))


def _periodic(kind: int, view: View, text: str) -> Iterator[Row]:
    """Propose the repetitions of one view; masked units must differ from plain ones and hold more than numbers."""
    for start, end, period in _repetitions(view.symbols):
        unit = view.symbols[start : start + period]
        if kind == MASKED and ("0" not in unit or not holds_content(unit.replace("0", ""))):
            continue
        span = extent(text[view.begins[start] : view.ends[end - 1]])
        if span >= LEAST_SPAN and (span > FLOOD or holds_content(unit)):
            yield kind, start, end, period


def _repetitions(symbols: str) -> Iterator[tuple[int, int, int]]:
    """Give every maximal repetition with at least three copies, by comparing the text with itself, shifted."""
    codes = np.frombuffer(symbols.encode("utf-32-le"), np.uint32)
    seen = set()
    for period in range(1, (codes.size - 1) // 2 + 1):
        equal = codes[period:] == codes[:-period]
        if np.count_nonzero(equal) <= period:
            continue
        edges = np.flatnonzero(np.diff(equal, prepend=False, append=False))
        for start, end in zip(edges[::2].tolist(), (edges[1::2] + period).tolist(), strict=True):
            # The same stretch under a multiple of its period is no second repetition.
            if end - start > 2 * period and (start, end) not in seen:
                seen.add((start, end))
                if end - start >= 3 * period or not holds_content(symbols[end - 2 * period : start + period]):
                    yield start, end, period


def _tail(symbols: str) -> Iterator[Row]:
    """Propose the longest end of the text of which 60 % stood at most two thirds of its length before."""
    distances = _distances(symbols)
    if 10 * np.count_nonzero(distances[-LAST:]) < 6 * LAST:
        return
    lengths = [SHORTEST_TAIL << i for i in range(64) if SHORTEST_TAIL << i <= len(symbols)]
    for length in reversed(lengths):
        end = distances[-length:]
        if 10 * np.count_nonzero((end > 0) & (3 * end <= 2 * length)) >= 6 * length:
            yield TAIL, len(symbols) - length, len(symbols), 0
            return


def _distances(symbols: str) -> npt.NDArray[np.int64]:
    """Tell for each symbol how far back the last few symbols, it included, occurred before: 0 for never."""
    distances = np.zeros(len(symbols), np.int64)
    last: dict[str, int] = {}
    for end in range(GRAM, len(symbols) + 1):
        gram = symbols[end - GRAM : end]
        distances[end - 1] = end - last.get(gram, end)
        last[gram] = end
    return distances


def _blanks(text: str) -> Iterator[Row]:
    """Propose floods of white space."""
    start = 0
    for place, symbol in enumerate([*text, "."]):
        if not symbol.isspace():
            if place - start > FLOOD:
                yield BLANK, start, place, 0
            start = place + 1
