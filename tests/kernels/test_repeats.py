"""Repeated n-grams follow RedPajama-v2's definition; compiled and reference agree."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.kernels import repeats as kernel
from auditor.kernels.flat import flat
from auditor.kernels.reference import repeats as plain
from auditor.kernels.tokens import normalise, tokens

TEXTS = st.lists(
    st.lists(st.sampled_from(["a", "b", "ab", "中", " ", " ", "\n", "\n\n", "---", "x y\n"]), max_size=60).map("".join),
    max_size=4,
)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_kernel_equals_reference(texts: list[str]) -> None:
    """Every share and count, for any text."""
    held = normalise(flat(texts))
    found = tokens(held)
    mine = kernel.ngrams(found.hashes, found.sizes, found.bounds)
    shares, surplus = np.zeros((held.number, 9)), np.zeros((held.number, 3), np.int64)
    plain.ngrams(found.hashes, found.sizes, found.bounds, shares, surplus)
    assert np.hstack([mine.top, mine.cover]).tolist() == shares.tolist()
    assert mine.surplus.tolist() == surplus.tolist()
    groups = np.unique([0, held.number // 2, held.number]).astype(np.int64)
    for paragraphs in (False, True):
        out = np.zeros((len(groups) - 1, 4), np.int64)
        plain.pieces(held.buffer, held.offsets, groups, paragraphs, out)
        assert np.stack(kernel.pieces(held, groups, paragraphs=paragraphs), axis=1).tolist() == out.tolist()


def measured(text: str) -> kernel.Ngrams:
    """Measure one text."""
    found = tokens(normalise(flat([text])))
    return kernel.ngrams(found.hashes, found.sizes, found.bounds)


def redpajama(words: list[str], n: int) -> float:
    """Share of characters under n-grams that occur more than once, straight from the published definition."""
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    hit = [False] * len(words)
    for i, gram in enumerate(grams):
        if grams.count(gram) > 1:
            hit[i : i + n] = [True] * n
    return sum(len(w) for w, h in zip(words, hit, strict=True) if h) / sum(map(len, words))


@pytest.mark.parametrize("n", kernel.COVERS)
def test_cover_is_redpajamas(n: int) -> None:
    """The mask counts every occurrence, the first too, and each character once."""
    text = (
        "one two three four five six seven eight nine ten eleven x one two three four five six seven eight nine ten y"
    )
    assert measured(text).cover[0, n - 5] == pytest.approx(redpajama(text.split(), n))


def test_what_occurs_once_does_not_count() -> None:
    """A short sentence is not repetitive for having a most frequent pair."""
    found = measured("The capital of France is Paris.")
    assert not found.top.any()
    assert not found.cover.any()


def test_rulings_are_no_lines() -> None:
    """Brackets, fences and rulings repeat in every tidy text."""
    found = kernel.pieces(normalise(flat(["```\n}\n```\n}\n---\n---\nsay it\nsay it\n"])), np.array([0, 1]))
    assert (found.number[0], found.repeats[0]) == (2, 1)
