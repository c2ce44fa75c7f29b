"""Rows of JSON taken apart into turns, where their layout is a usual one."""

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Bytes, Ints, Texts, checked

try:
    from auditor.kernels.native import turns as native
except ImportError:
    native = None  # type: ignore[assignment]

COMPILED = native is not None

READ, BLANK, ODD = range(3)
"""What became of a row: taken apart, nothing but white space, or left to a careful parser."""


class Op(IntEnum):
    """What is done with one member of a row; a row with anything else there is odd.

    EMPTY: null or ``[]``, passed over. STRING: any string, passed over. SYSTEM: a system turn, unless null or empty.
    ASK: a piece of the question, joined by line ends. ANSWER: a trained turn, behind the question. TEXT: the same, for
    pretraining. MESSAGES, SHAREGPT, CONVERSATION: a list of turns with plain strings.
    """

    EMPTY = 0
    STRING = 1
    SYSTEM = 2
    ASK = 3
    ANSWER = 4
    TEXT = 5
    MESSAGES = 6
    SHAREGPT = 7
    CONVERSATION = 8


Step = tuple[int, Op]
"""The number of a member (-1: the row itself) and what is done with it."""

Layout = tuple[int, Sequence[Step]]
"""The number of a dialect, and its steps in order."""

Learn = Callable[[tuple[str, ...] | None], Layout | None]
"""Given the names of a row's members (None: the row is a list), say how to take such rows apart (None: do not)."""


class Turns(NamedTuple):
    """Rows taken apart: what became of each, its dialect and number of turns; and all turns, one row's after another's.

    The texts are as they stand in the row, unescaped.
    """

    state: Bytes
    dialect: NDArray[np.int16]
    counts: NDArray[np.int32]
    texts: Texts
    role: NDArray[np.int8]
    trained: NDArray[np.bool_]


def turns(data: Bytes, starts: Ints, ends: Ints, learn: Learn) -> Turns:
    """Take the rows ``data[starts[i]:ends[i]]`` apart; without the compiled kernel all of them are odd."""
    rows = len(starts)
    if rows and (starts.min() < 0 or ends.max() > len(data) or (ends < starts).any()):
        raise ValueError("rows must lie inside the data")
    state, dialect = np.full(rows, ODD, np.uint8), np.full(rows, -1, np.int16)
    counts = np.zeros(rows, np.int32)
    nothing = np.empty(0, np.int8)
    if native is None or not rows or not len(data):
        return Turns(state, dialect, counts, Texts(np.empty(0, np.uint8), np.zeros(1, np.int64)), nothing, nothing > 0)
    text = np.empty(int((ends - starts).sum()) + 1, np.uint8)
    stops, role, trained = native.turns(data, starts, ends, state, dialect, counts, text, learn)
    offsets = np.concatenate([np.zeros(1, np.int64), stops])
    return Turns(state, dialect, counts, Texts(text[: offsets[-1]], offsets), role, trained)


def framed(texts: Texts, roles: NDArray[np.int8], first: Ints) -> tuple[Bytes, Ints]:
    """Lay each row's turns out to be hashed: its texts, its roles (a byte each), its texts' sizes (eight bytes each).

    Row ``i`` has the turns from ``first[i]`` to ``first[i + 1]``, and the bytes from ``bounds[i]`` to ``bounds[i + 1]``.
    """
    buffer, offsets = checked(texts)
    if first[0] < 0 or first[-1] >= len(offsets) or len(roles) < first[-1] or (np.diff(first) < 0).any():
        raise ValueError("rows must rise and stay inside the turns")
    bounds = np.concatenate([[0], np.cumsum(np.diff(offsets[first]) + 9 * np.diff(first))]).astype(np.int64)
    out = np.empty(bounds[-1], np.uint8)
    if native is not None and len(out):
        native.framed(buffer if len(buffer) else np.zeros(1, np.uint8), offsets, roles, first, out)
        return out, bounds
    sizes = np.diff(offsets)
    for start, end, at in zip(first[:-1].tolist(), first[1:].tolist(), bounds.tolist(), strict=False):
        held = buffer[offsets[start] : offsets[end]].tobytes() + roles[start:end].tobytes() + sizes[start:end].tobytes()
        out[at : at + len(held)] = np.frombuffer(held, np.uint8)
    return out, bounds
