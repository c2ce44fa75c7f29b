"""Rows are put in the order that numpy's lexsort gives, compiled and not."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.kernels import order as kernel
from auditor.kernels.order import ordered
from auditor.kernels.reference import order as plain

WHOLE = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(WHOLE, st.floats(allow_nan=False), st.booleans()), min_size=1, max_size=60), st.data())
def test_equals_lexsort(rows: list[tuple[int, float, bool]], data: st.DataObject) -> None:
    """By whole numbers, fractions and truth values, in any order of importance; equal rows stay in place."""
    whole, parts, flags = (np.array(column) for column in zip(*rows, strict=True))
    keys = data.draw(st.permutations([whole.astype(np.int64), parts.astype(np.float64), flags]))
    assert ordered(*keys).tolist() == np.lexsort(keys[::-1]).tolist()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 2), max_size=60), st.randoms(use_true_random=False))
def test_native_equals_reference(values: list[int], draw: random.Random) -> None:
    """Both sort any order given, and leave rows with equal keys as they are."""
    keys = np.array(values, np.uint64)
    first = np.arange(len(keys))
    draw.shuffle(first)
    second = first.copy()
    kernel.kernel.sort(keys, first)
    plain.sort(keys, second)
    assert first.tolist() == second.tolist()


def test_many_rows_of_every_digit() -> None:
    """Numbers that differ in any of their bits are told apart."""
    keys = np.concatenate([np.uint64(1) << np.arange(64, dtype=np.uint64), np.arange(5000, dtype=np.uint64) << 30])
    assert ordered(keys).tolist() == np.argsort(keys, kind="stable").tolist()


def test_keys_of_other_rows_are_refused() -> None:
    """Every key is of the same rows."""
    with pytest.raises(ValueError, match="same rows"):
        ordered(np.zeros(3), np.zeros(2))
