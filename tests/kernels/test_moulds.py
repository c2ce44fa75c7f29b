"""The compiled kernels of templates do what the reference does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.kernels import fine as fine_kernel
from auditor.kernels import moulds as kernel
from auditor.kernels.flat import flat
from auditor.kernels.moulds import Streams
from auditor.kernels.reference import fine as plain_fine
from auditor.kernels.reference import moulds as plain
from auditor.kernels.tokens import normalise
from tests.kernels.test_tokens import TEXT

compiled = pytest.mark.skipif(not kernel.COMPILED, reason="no compiled kernels here")
TOKENS = st.lists(st.lists(st.sampled_from([1, 2, 5, 20, 21, 22, 23]), max_size=30), min_size=1, max_size=12)


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


def both(held: Streams, least: int) -> list[kernel.Incidence]:
    """Return what either kernel finds shared."""
    found = []
    for chosen in (kernel.native, plain):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kernel, "kernel", chosen)
            found.append(kernel.incidence(held, least))
    return found


@compiled
@settings(max_examples=100, deadline=None)
@given(TOKENS)
def test_shared_shingles(texts: list[list[int]]) -> None:
    """Shared shingles, the texts that hold them, and their least values agree."""
    mine, theirs = both(streams(texts), 1)
    for left, right in zip(mine, theirs, strict=True):
        assert left.tolist() == right.tolist()


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
    runs = np.array([data.draw(st.integers(0, 3)) for _ in sets[0]], np.int32)
    everything = np.arange(held.number, dtype=np.int32)
    results = []
    for chosen in (kernel.native, plain):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kernel, "kernel", chosen)
            poured = kernel.pour(held, kernel.moulds(sets, 0.6))
            results.append([*poured, *kernel.gaps(held, everything, sets[0], runs)])
    for left, right in zip(*results, strict=True):
        assert left.tolist() == right.tolist()


@compiled
@settings(max_examples=100, deadline=None)
@given(TOKENS)
def test_closures(texts: list[list[int]]) -> None:
    """What most texts of a posting share agrees, as a set."""
    held = both(streams(texts), 1)[0]
    alive = np.ones(len(texts), np.uint8)
    alive[::3] = 0
    for s in range(len(held.values)):
        posting = held.postings[held.posting_starts[s] : held.posting_starts[s + 1]]
        found = []
        for chosen in (kernel.native, plain):
            counts, room = np.zeros(len(held.values), np.int32), np.zeros(len(held.values), np.int32)
            n, living = chosen.closure(posting, alive, held.starts, held.shingles, 0.9, counts, room)
            found.append((sorted(room[:n].tolist()), living, counts.any()))
        assert found[0] == found[1]


def test_bounds_are_checked() -> None:
    """No kernel is given bounds that leave its tokens."""
    with pytest.raises(ValueError, match="bounds"):
        kernel.incidence(Streams(np.zeros(3, np.uint32), np.zeros(3, np.uint8), np.array([0, 9])), 1)
    with pytest.raises(ValueError, match="not there"):
        kernel.gaps(streams([[1, 20, 2]]), np.array([7], np.int32), np.array([3], np.uint64), np.zeros(1, np.int32))
