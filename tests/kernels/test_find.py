"""Patterns are found where they stand, compiled and not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.kernels import find as kernel
from auditor.kernels.reference import find as plain


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([b"<", b"<a", b"#", b"##", b"x" * 17, b"\n"]), max_size=20).map(b"".join))
def test_native_equals_reference(data: bytes) -> None:
    """Every place of every pattern, in order; one pattern may begin within another."""
    patterns = [b"<a", b"##", b"<a#", b"\n"]
    buffer = np.frombuffer(data, np.uint8)
    assert kernel.places(buffer, patterns).tolist() == plain.places(buffer, patterns).tolist()


@pytest.mark.skipif(not kernel.COMPILED, reason="no compiled kernels here")
def test_too_many_beginnings_are_refused() -> None:
    """Patterns that begin with more than four different bytes need another search."""
    with pytest.raises(ValueError, match="too many"):
        kernel.places(np.zeros(1, np.uint8), [b"a", b"b", b"c", b"d", b"e"])
