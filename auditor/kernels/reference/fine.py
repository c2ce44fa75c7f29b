"""Fine tokens of many texts, text by text."""

import re
from collections.abc import Iterator

import numpy as np

from auditor import text as model
from auditor.kernels.flat import Bytes, Ints, Lanes, Texts

BEGIN, END, BREAK, NUMBER, CUT = 1, 2, 3, 4, 5
"""Tokens that stand for no single spelling: both ends of a turn, line breaks, any number, a part left out."""

_MASK = 0xFFFFFFFFFFFFFFFF
_SEED, _STEP = 0x9E3779B97F4A7C15, 0xFF51AFD7ED558CCD
_DIGITS = re.compile("[0-9]+")


def spans(normalised: str) -> Iterator[tuple[int, int]]:
    r"""Yield start and end of every fine token; a line break is empty.

    Words, numbers and single letters are tokens, as are marks: one of a kind however often it is repeated in a row.

    >>> text = "go!!!\n\n- 12, 你"
    >>> [text[start:end] for start, end in spans(text)]
    ['go', '!!!', '', '-', '12', ',', '你']
    """
    at, broken, begun = 0, False, False
    while at < len(normalised):
        kind = model.kind(normalised[at])
        end = at + 1
        if kind == model.SPACE:
            broken = broken or normalised[at] in "\r\n"
            at = end
            continue
        if broken and begun:
            yield at, at
        broken, begun = False, True
        while end < len(normalised) and _joins(normalised, at, end, kind):
            end += 1
        yield at, end
        at = end


def _joins(normalised: str, at: int, end: int, kind: int) -> bool:
    """Tell whether the character at ``end`` belongs to the token that begins at ``at``."""
    if kind == model.WORD:
        return model.kind(normalised[end]) == model.WORD
    return kind == model.MARK and normalised[end] == normalised[at]


def token(text: str) -> int:
    """Return a fine token's 32 bits: numbers are all alike, and so are marks however often repeated; these are odd.

    >>> token("12") == token("2024"), token("--") == token("-"), token("ab") == token("aa")
    (True, True, False)
    """
    if not text:
        return BREAK
    if _DIGITS.fullmatch(text):
        return NUMBER
    mark = model.kind(text[0]) == model.MARK
    value = _SEED
    for char in text[:1] if mark else text:
        value = ((value ^ ord(char)) * _STEP) & _MASK
        value ^= value >> 32
    folded = (value >> 32) & ~1 | mark
    return folded if folded >= 16 else folded + 16


def fine(texts: Texts, order: Ints) -> tuple[Lanes, Bytes, Ints, Ints]:
    """Return hashes, sizes and places of the fine tokens of normalised texts, and each text's bounds."""
    hashes: list[int] = []
    sizes: list[int] = []
    places: list[int] = []
    bounds = [0]
    for index in order.tolist():
        text = texts.text(index)
        found = list(spans(text))
        if found:
            hashes += [BEGIN, *(token(text[start:end]) for start, end in found), END]
            sizes += [0, *(min(255, end - start) for start, end in found), 0]
            places += [0, *(start for start, _ in found), len(text)]
        bounds.append(len(hashes))
    return (
        np.array(hashes, np.uint32),
        np.array(sizes, np.uint8),
        np.array(places, np.int64),
        np.array(bounds, np.int64),
    )
