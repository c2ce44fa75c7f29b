"""What pairs share: compiled and reference agree on samples that repeat themselves and each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.kernels import overlap as kernel
from auditor.kernels.reference import overlap as plain
from auditor.kernels.reference.sketch import shingles

SAMPLES = st.lists(st.lists(st.lists(st.integers(1, 3), max_size=9), min_size=3, max_size=3), min_size=2, max_size=5)


def laid(samples: list[list[list[int]]], size: int) -> kernel.Tokens:
    """Lay samples of three parts out as tokens with the shingles that fit into each part."""
    hashes, values, parts = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)], []
    at = 0
    for sample in samples:
        bounds = [at]
        for part in sample:
            own = np.array(part, np.uint64)
            held = shingles(own, size)
            hashes.append(own)
            values.append(np.concatenate([held, np.zeros(len(own) - len(held), np.uint64)]))
            at += len(own)
            bounds.append(at)
        parts.append(bounds)
    return kernel.Tokens(np.concatenate(hashes), np.concatenate(values), np.array(parts, np.int64))


@pytest.mark.skipif(not kernel.COMPILED, reason="no compiled kernels here")
@settings(deadline=None, max_examples=300)
@given(SAMPLES, st.integers(1, 4))
def test_kernel_equals_reference(samples: list[list[list[int]]], size: int) -> None:
    """Marks and stretches of every pair, value for value."""
    held = laid(samples, size)
    pairs = np.array([(a, b) for a in range(len(samples)) for b in range(len(samples))], np.int64)
    mine = kernel.overlap(held, pairs, size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "kernel", plain)
        theirs = kernel.overlap(held, pairs, size)
    for one, other in zip(mine, theirs, strict=True):
        assert one.tolist() == other.tolist()


def test_what_does_not_fit_is_refused() -> None:
    """Pairs and parts that point outside raise."""
    held = laid([[[1, 2], [3], []], [[1], [2], []]], 2)
    with pytest.raises(ValueError, match="not there"):
        kernel.overlap(held, np.array([[0, 2]]), 2)
    with pytest.raises(ValueError, match="inside"):
        kernel.overlap(held._replace(parts=held.parts + 9), np.array([[0, 1]]), 2)
    with pytest.raises(ValueError, match="one shingle"):
        kernel.overlap(held, np.array([[0, 1]]), 0)


def test_nothing_shares_nothing() -> None:
    """No pairs, no tokens, no marks."""
    found = kernel.overlap(laid([], 3), np.zeros((0, 2), np.int64), 3)
    assert [len(part) for part in found] == [0, 0, 0]
