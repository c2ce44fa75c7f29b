"""NeMo Curator: the heuristic filters on repeated lines, paragraphs and n-grams.

Source: NVIDIA-NeMo/Curator, nemo_curator/stages/text/filters/heuristic/repetition, with words parted by white space.
"""

from collections.abc import Sequence

import numpy as np

from auditor.kernels.flat import Ints
from auditor.signals.compat.grams import Grams, Shares, Words, repeated, share, top, words


def measure(texts: Sequence[str]) -> dict[str, Shares]:
    """Measure texts; those with fewer than n words score 1, the worst (as there)."""
    split = [text.split() for text in texts]
    held = words(split)
    sizes = np.array([len(text) for text in texts], np.int64)
    columns: dict[str, Shares] = {}
    for found in repeated(held, 10):
        short = held.counts < found.n
        if 2 <= found.n <= 4:
            place = (top(held, found)[0] - held.bounds[:-1]).tolist()
            gone = [
                0 if few else len(text) - len(text.replace(" ".join(tokens[at : at + found.n]), ""))
                for text, tokens, at, few in zip(texts, split, place, short.tolist(), strict=True)
            ]
            columns[f"curator_top_{found.n}gram"] = np.where(short, 1.0, share(np.array(gone), sizes))
        elif found.n >= 5:
            columns[f"curator_dup_{found.n}gram"] = np.where(short, 1.0, share(_again(held, found), sizes))
    for name, pieces in (
        ("line", [[line for line in text.split("\n") if line.strip()] for text in texts]),
        ("paragraph", [text.split("\n\n") for text in texts]),
    ):
        distinct = [set(each) for each in pieces]
        columns[f"curator_unique_{name}s"] = _divided([(len(d), len(p)) for d, p in zip(distinct, pieces, strict=True)])
        chars = [(sum(map(len, d)), sum(map(len, p))) for d, p in zip(distinct, pieces, strict=True)]
        columns[f"curator_unique_{name}_chars"] = _divided(chars)
    return columns


def _again(held: Words, found: Grams) -> Ints:
    """Count the characters of repeats of an earlier n-gram, with the blanks inside each.

    Where one such repeat overlaps the one before, only its new words count, and as many blanks as these are.
    """
    at = found.at[found.again]
    row = held.rows[at]
    gap = np.where(np.diff(row, prepend=-1) == 0, np.diff(at, prepend=0), found.n)
    new = np.minimum(gap, found.n)
    total = np.concatenate([[0], np.cumsum(held.sizes)])
    chars = total[at + found.n] - total[at + found.n - new] + np.minimum(new, found.n - 1)
    return np.bincount(row, weights=chars, minlength=len(held.counts)).astype(np.int64)


def _divided(pairs: list[tuple[int, int]]) -> Shares:
    part, whole = np.array(pairs, np.int64).reshape(-1, 2).T
    return share(part, whole)
