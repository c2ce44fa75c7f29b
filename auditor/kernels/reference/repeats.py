"""Repeated n-grams of tokens, and repeated lines and paragraphs, counted inside each text."""

import re
from collections import Counter
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from auditor.kernels.flat import Bytes, Hashes, Ints, Lanes, Texts

FIRST, TOPS, LAST = 2, 3, 10
TELLING = re.compile(r"[0-9a-z\x80-\U0010ffff]")
BLANKS = " \t\n\v\f\r\x1c\x1d\x1e\x1f"


def ngrams(hashes: Hashes, sizes: Lanes, bounds: Ints, out: NDArray[np.float64], surplus: Ints) -> None:
    """Measure every text; ``out`` has nine columns (n = 2 to 10) and starts at zero, ``surplus`` three."""
    for row, (start, end) in enumerate(pairwise(bounds.tolist())):
        words, chars = hashes[start:end].tolist(), sizes[start:end].astype(np.int64)
        for n in range(FIRST, LAST + 1):
            _measure(words, chars, n, out[row], surplus[row])


def _measure(words: list[int], chars: Ints, n: int, out: NDArray[np.float64], surplus: Ints) -> None:
    """Write one text's share for one n: of the most frequent n-gram, or of what repeated n-grams cover."""
    grams = list(zip(*(words[place:] for place in range(n)), strict=False))
    counts = Counter(grams)
    total = int(chars.sum())
    if n < FIRST + TOPS:
        surplus[n - FIRST] = len(grams) - len(counts)
        gram, times = counts.most_common(1)[0] if counts else (None, 0)
        if times > 1:
            at = grams.index(gram)  # type: ignore[arg-type]
            out[n - FIRST] = int(chars[at : at + n].sum()) * times / total
        return
    masked = np.zeros(len(words), bool)
    for place, gram in enumerate(grams):
        if counts[gram] > 1:
            masked[place : place + n] = True
    if total:
        out[n - FIRST] = int(chars[masked].sum()) / total


def pieces(buffer: Bytes, offsets: Ints, groups: Ints, paragraphs: bool, out: Ints) -> None:  # noqa: FBT001
    """Count lines or paragraphs over the texts of each group (``groups[i]`` to ``groups[i + 1]``)."""
    texts = Texts(buffer, offsets)
    for row, (start, end) in enumerate(pairwise(groups.tolist())):
        found: list[str] = []
        for index in range(start, end):
            found += _split(texts.text(index), paragraphs=paragraphs)
        seen: set[str] = set()
        for piece in found:
            again = piece in seen
            seen.add(piece)
            out[row] += (1, again, len(piece), again * len(piece))


def _split(text: str, *, paragraphs: bool) -> list[str]:
    """Cut a text at line ends (paragraphs: at two together), without blanks around and pieces of punctuation only."""
    parts = re.split(r"\n\n", text) if paragraphs else text.split("\n")
    stripped = (part.strip(BLANKS) for part in parts)
    return [part for part in stripped if TELLING.search(part)]
