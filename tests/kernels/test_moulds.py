"""The compiled kernels of templates do what the reference does."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.kernels import closures, shingles
from auditor.kernels import fine as fine_kernel
from auditor.kernels import moulds as kernel
from auditor.kernels.flat import flat
from auditor.kernels.reference import fine as plain_fine
from auditor.kernels.shingles import Streams
from auditor.kernels.tokens import normalise
from tests.kernels.test_tokens import TEXT

compiled = pytest.mark.skipif(not kernel.COMPILED, reason="no compiled kernels here")
SOME = st.sampled_from([1, 2, 5, 20, 21, 22, 23])
LONGER = st.lists(st.sampled_from([20, 21, 22]), min_size=60, max_size=140)
TOKENS = st.lists(st.one_of(st.lists(SOME, max_size=30), LONGER), min_size=1, max_size=12)
POURED = st.lists(st.lists(st.sampled_from([1, 20, 21, 22]), max_size=12), min_size=6, max_size=25)


def streams(texts: list[list[int]]) -> Streams:
    """Lay token lists side by side."""
    tokens = np.array([token for text in texts for token in text], np.uint32)
    return Streams(tokens, np.ones(len(tokens), np.uint8), np.cumsum([0, *map(len, texts)]).astype(np.int64))


@pytest.mark.skipif(not fine_kernel.COMPILED, reason="no compiled kernels here")
@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(TEXT, st.text("a1-\n \x00.", max_size=20)), max_size=5))
def test_fine_tokens(texts: list[str]) -> None:
    """Words, marks, numbers and breaks agree on any text, and so do their places."""
    held = normalise(flat(texts))
    order = np.arange(held.number, dtype=np.int64)
    found = fine_kernel.fine(held, order, placed=True)
    for left, right in zip(found, plain_fine.fine(held, order), strict=True):
        assert left.tolist() == right.tolist()


def both(held: Streams, least: int) -> list[shingles.Incidence]:
    """Return what either kernel finds shared."""
    found = []
    for chosen in (shingles.native, shingles.plain):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shingles, "kernel", chosen)
            found.append(shingles.incidence(held, least))
    return found


@compiled
@settings(max_examples=100, deadline=None)
@given(TOKENS, st.sampled_from([1, 2]))
def test_shared_shingles(texts: list[list[int]], least: int) -> None:
    """Shared shingles, what follows them, the texts that hold them, and their least values agree."""
    mine, theirs = both(streams(texts), least)
    for left, right in zip(mine, theirs, strict=True):
        assert left.tolist() == right.tolist()


@settings(deadline=None)
@given(TOKENS, st.data())
def test_texts_are_taken(texts: list[list[int]], data: st.DataObject) -> None:
    """Some texts, in any order and more than once, are what they were, by either kernel."""
    wanted = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=8))
    for chosen in [shingles.plain, *([shingles.native] if shingles.COMPILED else [])]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shingles, "kernel", chosen)
            found = shingles.taken(streams(texts), np.array(wanted, np.int64))
        bounds = found.bounds.tolist()
        parts = [found.tokens[first:end].tolist() for first, end in pairwise(bounds)]
        assert parts == [texts[k] for k in wanted]
        assert found.sizes.tolist() == [1] * bounds[-1]


def test_what_follows_does_not_depend_on_order() -> None:
    """A shingle is followed by one that stands behind it alone; which texts come first does not matter."""
    same, other = [20, 21, 22, 23, 24, 25], [30, 21, 22, 23, 24, 31]
    for texts in ([same] * 5 + [other], [other] + [same] * 5):
        held = shingles.incidence(streams(texts), 1)
        names = {value: k for k, value in enumerate(held.values.tolist())}
        (first, second, third) = (names[v] for v in shingles.plain.windows(np.array(same, np.uint32), 4).tolist())
        assert held.behind[[first, second, third]].tolist() == [second, third, -1]


@compiled
@settings(max_examples=100, deadline=None)
@given(TOKENS, st.data())
def test_pouring_and_gaps(texts: list[list[int]], data: st.DataObject) -> None:
    """Templates of texts, what they cover and what fills their gaps agree."""
    held = streams(texts)
    values = both(held, 1)[0].values
    if not len(values):
        return
    some = st.lists(st.sampled_from(values.tolist()), min_size=1, max_size=6, unique=True)
    sets = [np.array(sorted(each), np.uint64) for each in data.draw(st.lists(some, min_size=1, max_size=4))]
    rising = st.lists(st.integers(0, 3), min_size=1, unique=True).map(sorted)
    held_by = [data.draw(rising) for _ in sets[0]]
    starts = np.cumsum([0, *map(len, held_by)]).astype(np.int64)
    runs = kernel.Runs(sets[0], starts, np.array([run for each in held_by for run in each], np.int32))
    everything = np.arange(held.number, dtype=np.int32)
    results = []
    for chosen in (kernel.native, kernel.plain):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kernel, "kernel", chosen)
            mask = np.zeros(len(held.tokens), np.uint8)
            poured = kernel.pour(held, kernel.moulds(sets, 0.6), mask=mask)
            results.append([*poured, mask, *kernel.gaps(held, everything, runs)])
    for left, right in zip(*results, strict=True):
        assert left.tolist() == right.tolist()
    assert np.add.reduceat(np.append(mask, 0), held.bounds[:-1])[np.diff(held.bounds) > 0].tolist() == [
        n for n, size in zip(poured.covered.tolist(), np.diff(held.bounds).tolist(), strict=True) if size
    ]


@compiled
@settings(max_examples=200, deadline=None)
@given(POURED, st.integers(1, 3), st.sampled_from([0.6, 0.9]), st.integers(1, 4), st.integers(2, 9))
def test_closures(texts: list[list[int]], least: int, share: float, tried: int, looks: int) -> None:
    """The sets that many texts hold agree, one after the other, and within one another."""
    held = both(streams(texts), 1)[0]
    ends = held.values % 5 == 0
    wanted = closures.Wanted(least, 2, share, 3, 4.0, tried, looks)
    everything, nothing = np.arange(len(texts), dtype=np.int32), np.zeros(0, np.int32)
    results = []
    for chosen in (closures.native, closures.plain):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(closures, "kernel", chosen)
            search = closures.Closures(held, ends, wanted)
            found = search.among(everything, nothing, 50)
            inner = [each for outer in found for each in search.among(outer.texts, outer.shingles, 50)]
            again = search.among(everything, nothing, 2)
            results.append([[part.tolist() for part in each] for each in [*found, *inner, *again]])
    assert results[0] == results[1]


def test_bounds_are_checked() -> None:
    """No kernel is given bounds that leave its tokens."""
    with pytest.raises(ValueError, match="bounds"):
        shingles.incidence(Streams(np.zeros(3, np.uint32), np.zeros(3, np.uint8), np.array([0, 9])), 1)
    runs = kernel.Runs(np.array([3], np.uint64), np.array([0, 1]), np.zeros(1, np.int32))
    with pytest.raises(ValueError, match="not there"):
        kernel.gaps(streams([[1, 20, 2]]), np.array([7], np.int32), runs)
    with pytest.raises(ValueError, match="not there"):
        shingles.taken(streams([[1, 20, 2]]), np.array([1], np.int64))
    with pytest.raises(ValueError, match="mask"):
        kernel.pour(streams([[1, 20, 2]]), kernel.moulds([runs.values], 0.5), mask=np.zeros(1, np.uint8))
    held = shingles.incidence(streams([[1, 20, 21, 22, 2]]), 1)
    search = closures.Closures(held, np.zeros(len(held.values), bool), closures.Wanted(1, 1, 0.9, 3, 4.0, 2, 9))
    with pytest.raises(ValueError, match="not there"):
        search.among(np.array([4], np.int32), np.zeros(0, np.int32), 1)
