"""Phrases are found wherever they stand, by the compiled kernel as by the reference."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.kernels import spot as kernel
from tests.kernels.test_moulds import streams

TOKENS = st.lists(st.sampled_from([20, 21, 22]), max_size=25)
PHRASES = st.sampled_from([1, 2]).flatmap(
    lambda least: st.lists(st.lists(st.sampled_from([20, 21, 22]), min_size=least, max_size=4), min_size=1, max_size=8)
)
"""Where no phrase is one token alone, the kernel looks at two tokens before it follows a phrase."""


@settings(max_examples=200, deadline=None)
@given(st.lists(TOKENS, max_size=4), PHRASES)
def test_every_place_is_found(texts: list[list[int]], phrases: list[list[int]]) -> None:
    """What the automaton finds is what comparing everywhere finds, in every text alone."""
    wanted = {
        (number, min(k for k, other in enumerate(phrases) if other == phrase), at)
        for number, text in enumerate(texts)
        for phrase in phrases
        for at in range(len(text))
        if text[at : at + len(phrase)] == phrase
    }
    for chosen in [kernel.plain, *([kernel.native] if kernel.COMPILED else [])]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kernel, "kernel", chosen)
            found = kernel.spot(streams(texts), kernel.automaton(phrases))
        assert {tuple(place) for place in found.tolist()} == wanted
        assert len(found) == len(wanted)


def test_no_text_has_no_phrase() -> None:
    """Nothing is found in nothing."""
    empty = kernel.Streams(np.zeros(0, np.uint32), np.zeros(0, np.uint8), np.zeros(1, np.int64))
    assert not len(kernel.spot(empty, kernel.automaton([[20]])))
