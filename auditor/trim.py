"""Loops cut short: which rows can keep the first repeats of theirs, and what of a text then stays."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from auditor.kernels.flat import Ints

CUTS = pa.list_(
    pa.struct(
        [("turn", pa.int32()), ("start", pa.int64()), ("end", pa.int64()), ("period", pa.int32()), ("keep", pa.int32())]
    )
)


class Cut(NamedTuple):
    """A loop of a turn (code points), of which the first ``keep`` repeats stay; ``period`` counts no white space."""

    turn: int
    start: int
    end: int
    period: int
    keep: int

    def span(self, text: str) -> tuple[int, int]:
        """Return what goes of the turn's text.

        >>> Cut(0, 3, 15, 3, 2).span("Ha abc abc abc."), "Ha abc abc abc."[10:]
        ((10, 15), ' abc.')
        """
        left, at = self.period * self.keep, self.start
        while left and at < self.end:
            left -= not text[at].isspace()
            at += 1
        return at, self.end


def cuts(loops: pa.Table, hit: NDArray[np.bool_], wanted: NDArray[np.bool_], keep: int) -> dict[int, list[Cut]]:
    """Return what can be cut of the wanted rows whose loops (those that are hit) are all exact and longer than that."""
    held = loops.filter(pa.array(hit)).to_pylist()
    found: dict[int, list[Cut]] = {}
    fixed: set[int] = set()
    for loop in held:
        row = loop["row"]
        if loop["kind"] != "exact" or not wanted[row]:
            fixed.add(row)
        elif loop["times"] > keep:
            cut = Cut(loop["turn"], loop["start"], loop["end"], loop["period"], keep)
            found.setdefault(row, []).append(cut)
    return {row: apart(parts) for row, parts in found.items() if row not in fixed}


def apart(held: Sequence[Cut]) -> list[Cut]:
    """Leave out loops that begin inside an earlier one.

    >>> [cut.start for cut in apart([Cut(0, 5, 9, 1, 2), Cut(0, 0, 6, 1, 2), Cut(1, 5, 9, 1, 2)])]
    [0, 5]
    """
    found: list[Cut] = []
    for cut in sorted(held):
        if not found or (found[-1].turn, found[-1].end) <= (cut.turn, cut.start):
            found.append(cut)
    return found


def trimmed(texts: Sequence[str], held: Sequence[Cut]) -> list[str]:
    """Return the turns' texts without what goes."""
    found = list(texts)
    for cut in reversed(held):
        start, end = cut.span(found[cut.turn])
        found[cut.turn] = found[cut.turn][:start] + found[cut.turn][end:]
    return found


def shares(held: dict[int, list[Cut]], chars: Ints, times: dict[int, float]) -> NDArray[np.float64]:
    """Estimate the share of each row's trained characters that goes; ``times`` says how often its loops repeat."""
    found = np.zeros(len(chars))
    for row, parts in held.items():
        going = sum((cut.end - cut.start) * (1 - cut.keep / max(times[row], cut.keep)) for cut in parts)
        found[row] = min(1.0, going / chars[row]) if chars[row] else 0.0
    return found


def column(held: dict[int, list[Cut]], rows: int) -> pa.Array:
    """Lay cuts out in a column."""
    if not held:
        return pa.nulls(rows, CUTS)
    return pa.array([[cut._asdict() for cut in held[row]] if row in held else None for row in range(rows)], CUTS)


def read(table: pa.Table) -> Iterator[tuple[int, list[Cut]]]:
    """Yield the rows of a plan that are cut, and their cuts."""
    held = table.filter(pc.is_valid(table["cuts"]))
    for row, parts in zip(held["row"].to_pylist(), held["cuts"].to_pylist(), strict=True):
        yield row, [Cut(**part) for part in parts]
