"""Where the tokens of a normalised text stand in the text as it is written."""

import sys
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

import numpy as np

from auditor import text as model
from auditor.kernels.flat import Ints

_UNKNOWN = 255
_CLASSES = np.full(sys.maxunicode + 1, _UNKNOWN, np.uint8)
"""The class of every code point met so far."""


def places(texts: Sequence[str], normalised: Sequence[str], bounds: Ints) -> tuple[Ints, Ints]:
    """Return where in texts as written the tokens of their normalised forms begin and end."""
    starts, ends = spans(" ".join(normalised))
    begins = np.array([0, *accumulate(len(folded) + 1 for folded in normalised)][:-1], np.int64)
    shift = np.repeat(begins, np.diff(bounds))
    starts, ends = starts - shift, ends - shift
    for at, (text, folded) in enumerate(zip(texts, normalised, strict=True)):
        if not text.isascii() and (found := origins(text, folded)):
            own = slice(int(bounds[at]), int(bounds[at + 1]))
            starts[own], ends[own] = found[0][starts[own]], found[1][ends[own] - 1]
    return starts, ends


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
    codes = np.frombuffer(normalised.encode("utf-32-le"), np.uint32)
    for code in set(codes[_CLASSES[codes] == _UNKNOWN].tolist()):
        _CLASSES[code] = model.kind(chr(code))
    classes = np.concatenate([[model.SPACE], _CLASSES[codes], [model.SPACE]])
    word, solo = classes == model.WORD, classes == model.SOLO
    starts = np.flatnonzero((word[1:] & ~word[:-1]) | solo[1:])
    return starts, np.flatnonzero((word[:-1] & ~word[1:]) | solo[:-1])


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
