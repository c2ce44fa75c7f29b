"""Where the tokens of a normalised text stand in the text as it is written."""

import sys
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from auditor import text as model
from auditor.kernels.flat import Ints, Lanes

_UNKNOWN = 255
_CLASSES = np.full(sys.maxunicode + 1, _UNKNOWN, np.uint8)
"""The class of every code point met so far."""

_SEVERAL = -1
_ALONE = np.zeros(sys.maxunicode + 1, np.int32)
"""One more than what every code point met so far becomes on its own; whether that is several."""


def places(texts: Sequence[str], normalised: Sequence[str], bounds: Ints) -> tuple[Ints, Ints]:
    """Return where in texts as written the tokens of their normalised forms begin and end."""
    starts, ends = spans(" ".join(normalised))
    begins = np.array([0, *accumulate(len(folded) + 1 for folded in normalised)][:-1], np.int64)
    shift = np.repeat(begins, np.diff(bounds))
    starts, ends = starts - shift, ends - shift
    for at in moved(texts, normalised):
        if found := origins(texts[at], normalised[at]):
            own = slice(int(bounds[at]), int(bounds[at + 1]))
            starts[own], ends[own] = found[0][starts[own]], found[1][ends[own] - 1]
    return starts, ends


def moved(texts: Sequence[str], normalised: Sequence[str]) -> list[int]:
    """Return the texts in which not every code point became one at the same place."""
    wide = [at for at, text in enumerate(texts) if not text.isascii()]
    equal = [at for at in wide if len(texts[at]) == len(normalised[at])]
    codes, folded = (utf32("".join([side[at] for at in equal])) for side in (texts, normalised))
    for code in _distinct(codes[_ALONE[codes] == 0]).tolist():
        alone = _folded(chr(code))
        _ALONE[code] = ord(alone) + 1 if len(alone) == 1 else _SEVERAL
    owner = np.repeat(np.array(equal, np.int64), [len(texts[at]) for at in equal])
    return sorted({*wide} - {*equal} | {*owner[_ALONE[codes] != folded.astype(np.int64) + 1].tolist()})


def _distinct(codes: Lanes) -> Lanes:
    """Return different code points in order: there are few of them, however long a text is."""
    met = np.zeros(sys.maxunicode + 1, np.bool_)
    met[codes] = True
    return np.flatnonzero(met).astype(np.uint32)


def utf32(text: str) -> Lanes:
    """Return the code points of a text."""
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def origins(text: str, normalised: str) -> tuple[Ints, Ints] | None:
    """Return where the written code points begin and end that became each normalised one; None: they are the same."""
    single = {ord(char): _folded(char) for char in set(text)}
    if text.translate(single) != normalised:
        borders = np.array([0, *_borders(text)])
        sizes = [len(model.normalise(text[a:b])) for a, b in pairwise(borders.tolist())]
        if sum(sizes) != len(normalised):
            borders, sizes = np.array([0, len(text)]), [len(normalised)]
    elif len(text) == len(normalised) and "" not in single.values():
        return None
    else:
        borders, sizes = np.arange(len(text) + 1), [len(single[ord(char)]) for char in text]
    return np.repeat(borders[:-1], sizes), np.repeat(borders[1:], sizes)


def spans(normalised: str) -> tuple[Ints, Ints]:
    """Return where the tokens of a normalised text begin and end, as ``text.spans`` does."""
    codes = utf32(normalised)
    unknown = _distinct(codes[_CLASSES[codes] == _UNKNOWN])
    _CLASSES[unknown] = _kinds(unknown)
    classes = np.concatenate([[model.SPACE], _CLASSES[codes], [model.SPACE]])
    word, solo = classes == model.WORD, classes == model.SOLO
    starts = np.flatnonzero((word[1:] & ~word[:-1]) | solo[1:])
    return starts, np.flatnonzero((word[:-1] & ~word[1:]) | solo[:-1])


def _kinds(codes: Lanes) -> NDArray[np.uint8]:
    """Return the classes of code points, as ``text.kind`` does one by one."""
    chars = [chr(code) for code in codes.tolist()]
    written = np.array([unicodedata.category(char)[0] in "LMN" for char in chars], np.bool_)
    blank = np.array([char.isspace() for char in chars], np.bool_)
    low, high = np.array(model.SOLO_RANGES, np.uint32).T
    solo = ((codes[:, None] >= low) & (codes[:, None] <= high)).any(axis=1)
    return np.select([written & solo, written, blank], [model.SOLO, model.WORD, model.SPACE], model.MARK).astype(
        np.uint8
    )


@lru_cache(maxsize=65536)
def _folded(char: str) -> str:
    return model.normalise(char)


def _borders(text: str) -> Iterator[int]:
    """Yield where a text can be cut so that every part normalises on its own; its end is the last."""

    def fold(part: str) -> str:
        return unicodedata.normalize("NFKC", part)

    start = 0
    for at in range(1, len(text)):
        before, char = text[start:at], text[at]
        if not unicodedata.combining(char) and fold(before + char) == fold(before) + fold(char):
            yield at
            start = at
    yield len(text)
