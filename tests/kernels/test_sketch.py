"""Signatures are datasketch's, bit for bit, and sets are sets."""

from types import ModuleType

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import text as model
from auditor.kernels import sketch as kernel
from auditor.kernels.flat import flat
from auditor.kernels.reference import sketch as plain
from auditor.kernels.tokens import normalise, tokens

WORDS = st.lists(st.text(st.sampled_from("ab中 "), max_size=400), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(WORDS, st.integers(1, 9))
def test_signatures_are_datasketchs(texts: list[str], size: int) -> None:
    """Every value of every signature equals the one that datasketch computes from the same shingles."""
    found = tokens(normalise(flat(texts)))
    mine = kernel.signatures(found.hashes, found.bounds, size)
    for row, text in enumerate(texts):
        theirs = MinHash(kernel.PERMUTATIONS, hashfunc=model.minhash_value)
        theirs.update_batch(model.shingle_hashes(model.tokens(text), size))
        assert mine[row].tolist() == theirs.hashvalues.tolist()


def test_permutations_are_datasketchs() -> None:
    """The numbers that numpy's generator draws, without loading it."""
    draw = np.random.RandomState(1)
    a = draw.randint(0, 1 << 31, 64, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    mine = kernel.permutations(64)
    assert [part.tolist() for part in mine] == [a.tolist(), draw.randint(0, 1 << 32, 64, dtype=np.uint32).tolist()]


@settings(max_examples=60, deadline=None)
@given(WORDS)
def test_signatures_take_in_others(texts: list[str]) -> None:
    """Folded into signatures of other texts, they are those of both: the least of each value."""
    left, right = (tokens(normalise(flat(part))) for part in (texts, texts[::-1]))
    one, two = (kernel.signatures(part.hashes, part.bounds, 3) for part in (left, right))
    both = kernel.signatures(right.hashes, right.bounds, 3, one.copy())
    assert both.tolist() == np.minimum(one, two).tolist()
    with pytest.raises(ValueError, match="same texts"):
        kernel.signatures(right.hashes, right.bounds, 3, one[:-1])


@settings(max_examples=60, deadline=None)
@given(WORDS, st.integers(1, 9))
def test_sets_are_the_distinct_shingles(texts: list[str], size: int) -> None:
    """Sorted, without repeats, one after the other."""
    found = tokens(normalise(flat(texts)))
    sets = kernel.shingle_sets(found.hashes, found.bounds, size)
    for row, text in enumerate(texts):
        mine = sets.values[sets.offsets[row] : sets.offsets[row + 1]].tolist()
        assert mine == sorted(set(model.shingle_hashes(model.tokens(text), size)))


@pytest.mark.parametrize("count", [0, 1, 4, 5, 16, 5000, 40_000])
def test_kernel_equals_reference(count: int) -> None:
    """Both forms agree for texts of any length, long enough for every way of sorting too."""
    rng = np.random.default_rng(count)
    hashes = rng.integers(0, 1 << 63, count, dtype=np.uint64)
    hashes[count // 2 :] = hashes[: count - count // 2]
    bounds = np.array([0, count // 3, count], np.int64)
    results = []
    for form in (kernel.kernel, plain):
        out, ends = np.zeros(count, np.uint64), np.zeros(2, np.int64)
        form.shingle_sets(hashes, bounds, 5, out, ends)
        signature = np.full((2, 64), kernel.EMPTY, np.uint32)
        form.signatures(hashes, bounds, 5, *kernel.permutations(64), signature)
        keys = np.empty((12, 2), np.uint64)
        form.band_keys(signature, 5, keys)
        results.append((out[: ends[-1]].tolist(), ends.tolist(), signature.tolist(), keys.tolist()))
    assert results[0] == results[1]


@given(
    st.lists(st.tuples(st.lists(st.integers(0, 3), min_size=1, max_size=6), st.lists(st.integers(0, 5))), max_size=4)
)
def test_sets_are_taken_as_the_reference_takes_them(parts: list[tuple[list[int], list[int]]]) -> None:
    """Any sets of any parts, empty ones and the same ones twice too, in the order asked for."""
    held, at = [], 0
    for sizes, places in parts:
        values = np.arange(at, at + sum(sizes), dtype=np.uint64)
        at += len(values)
        sets = kernel.Sets(values, np.concatenate([[0], np.cumsum(sizes)]))
        held.append((sets, np.array([place for place in places if place < len(sizes)], np.int64)))
    wanted = [sets.values[sets.offsets[k] : sets.offsets[k + 1]].tolist() for sets, places in held for k in places]
    for form in (kernel.kernel, plain):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kernel, "kernel", form)
            found = kernel.taken(held, sum(map(len, wanted)), len(wanted))
        assert [part.tolist() for part in np.split(found.values, found.offsets[1:-1])][: len(wanted)] == wanted


@pytest.mark.parametrize("form", [kernel.kernel, plain])
@pytest.mark.parametrize(
    ("end", "place", "room", "count"),
    [(2, 1, 2, 1), (2, -1, 2, 1), (3, 0, 3, 1), (-1, 0, 2, 1), (2, 0, 1, 1), (2, 0, 2, 0)],
)
def test_sets_that_are_not_there_are_refused(
    monkeypatch: pytest.MonkeyPatch, form: ModuleType, end: int, place: int, room: int, count: int
) -> None:
    """A wrong place, a set beyond its values, one too many for the room: errors of the caller, not wild reads."""
    monkeypatch.setattr(kernel, "kernel", form)
    with pytest.raises(ValueError, match="not there"):
        kernel.taken([(kernel.Sets(np.zeros(2, np.uint64), np.array([0, end])), np.array([place]))], room, count)


def test_bands_need_their_values() -> None:
    """More bands than a signature has values are refused."""
    with pytest.raises(ValueError, match="values of a signature"):
        kernel.band_keys(np.zeros((1, 8), np.uint32), 3, 3)
