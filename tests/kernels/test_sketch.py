"""Signatures are datasketch's, bit for bit, and sets are sets."""

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


def test_bands_need_their_values() -> None:
    """More bands than a signature has values are refused."""
    with pytest.raises(ValueError, match="values of a signature"):
        kernel.band_keys(np.zeros((1, 8), np.uint32), 3, 3)
