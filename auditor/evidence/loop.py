"""A loop as people see it: its first copies numbered, the rest folded."""

from bisect import bisect_left
from itertools import pairwise

from auditor.evidence import FOLD, HERE, PLAIN, REST, Piece, Pieces
from auditor.kernels.flat import flat
from auditor.kernels.reference.loops import TAIL, masked_view, plain_view
from auditor.signals.loop_near import near_copies
from auditor.signals.loops import kernel

NUMBERED = 3
"""Copies that are shown before the rest is folded."""


def loop(text: str, kind: str, span: tuple[int, int], period: int, times: int) -> Pieces:
    """Show a loop of a text: what stands before it, its first copies numbered, the rest folded, what comes after.

    >>> [piece.text or piece.times for piece in loop("Say " + "no " * 9, "exact", (4, 30), 2, 9)]
    ['Say ', 'no', ' ', 'no', ' ', 'no', ' ', 6, ' ']
    """
    start, end = span
    begins = _copies(text, kind, span, period)
    whole = max(1, min(times, len(begins) - 1))
    shown = NUMBERED if whole > NUMBERED + 1 else whole
    found = [Piece(PLAIN, text[:start])]
    for number, (begin, stop) in enumerate(pairwise(begins[: shown + 1]), 1):
        copy = text[begin:stop].rstrip()
        found += [Piece(str(number), copy), Piece(PLAIN, text[begin + len(copy) : stop])]
    if whole > shown:
        found.append(Piece(FOLD, "", whole - shown, begins[whole] - begins[shown]))
    found += [Piece(REST, text[begins[whole] : end])] if begins[whole] < end else []
    return [piece for piece in [*found, Piece(PLAIN, text[end:])] if piece.text or piece.times]


def _copies(text: str, kind: str, span: tuple[int, int], period: int) -> list[int]:
    """Return where a loop's copies begin, and where it ends, as the finder of loops saw them."""
    start, end = span
    if kind == "near":
        return [*_near(text, start), end]
    if kind == "debris" or period < 1:
        return [start, end]
    view = masked_view(text) if kind == "numbered" else plain_view(text)
    first, last = bisect_left(view.begins, start), bisect_left(view.begins, end)
    return [*view.begins[first:last:period], end]


def _near(text: str, start: int) -> list[int]:
    """Find the copies of a near loop again."""
    view = masked_view(text)
    before = zip([0, *view.ends], view.begins, strict=False)
    lines = {at for at, (end, begin) in enumerate(before) if not at or "\n" in text[end:begin]}
    for _, kind, tail, _, _ in kernel.runs(*flat([text])).tolist():
        begins = [view.begins[at] for at in near_copies(view.symbols, tail, lines)] if kind == TAIL else []
        if begins[:1] == [start]:
            return begins
    return [start]


def marked(text: str, start: int, end: int) -> Pieces:
    """Point at one stretch of a text, within what stands around it."""
    start += len(text[start:end]) - len(text[start:end].lstrip("\n"))
    found = [Piece(PLAIN, text[:start]), Piece(HERE, text[start:end]), Piece(PLAIN, text[end:])]
    return [piece for piece in found if piece.text]
