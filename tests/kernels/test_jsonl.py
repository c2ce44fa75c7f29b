"""Lines end at line feeds only, suspects are never missed, and arrays are followed through any cut."""

import itertools
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.kernels import jsonl as kernel
from auditor.kernels.flat import Bytes
from auditor.kernels.reference import jsonl as plain

VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.text(max_size=8),
        st.sampled_from([10**15, 10**16, "\ud83d", "\ud83d\ude00", '"\\']),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)),
    max_leaves=12,
)


def odd(line: str) -> bool:
    """Whether a fast parser would misread a line: a key twice, half a surrogate pair, sixteen digits."""
    twice = []

    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        twice.append(len({key for key, _ in pairs}) < len(pairs))
        return dict(pairs)

    value = json.loads(line, object_pairs_hook=members)
    half = re.search(r"[\ud800-\udfff]", json.dumps(value, ensure_ascii=False))
    return (
        any(twice)
        or half is not None
        or re.search(r"(?<!\w)-?\d{16}", re.sub(r'"(?:[^"\\]|\\.)*"', '""', line)) is not None
    )


def marks(data: bytes) -> Bytes:
    """What the kernel says of each line."""
    return kernel.marks(np.frombuffer(data, np.uint8), kernel.lines(data))


@settings(max_examples=300, deadline=None)
@given(VALUES, st.booleans())
def test_no_suspect_is_missed(value: object, double: bool) -> None:
    """Whatever needs the careful parser is marked."""
    line = json.dumps(value)
    if double:
        line = line.replace('"b"', '"a"')
    assert not odd(line) or marks(line.encode())[0] == kernel.SUSPECT


@pytest.mark.parametrize(
    "line",
    ['{"a": 1, "b": [1, 2, {"a": 3}]}', '{"text": "1234567890123456789 \\n \\ud83d\\ude00"}', '{"a": {"a": {"a": 1}}}'],
)
def test_ordinary_lines_are_not_suspected(line: str) -> None:
    """Keys on different levels, digits in text and whole pairs are nothing odd."""
    assert not kernel.COMPILED or marks(line.encode())[0] == 0


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b"\r", b" ", "\u2028".encode(), b"{}"]), max_size=12).map(b"".join)
)
def test_lines_are_split_at_line_feeds(data: bytes) -> None:
    """Native and reference find the same lines; nothing but a line feed ends one."""
    mine = kernel.lines(data)
    count = len(mine.starts)
    buffer = np.frombuffer(data, np.uint8)
    starts, ends, told = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.uint8)
    assert plain.lines(buffer, starts, ends) == count
    assert (mine.starts.tolist(), mine.ends.tolist()) == (starts.tolist(), ends.tolist())
    plain.mark(buffer, starts, ends, told)
    assert ((marks(data) == kernel.BLANK) == (told == kernel.BLANK)).all()


@settings(max_examples=200, deadline=None)
@given(
    st.lists(VALUES, max_size=4),
    st.sampled_from([None, 1]),
    st.lists(st.integers(0, 400), max_size=4),
    st.binary(max_size=3),
)
def test_borders_through_any_cut(values: list[object], indent: int | None, cuts: list[int], noise: bytes) -> None:
    """Pieces give the borders that the whole gives, compiled and not, for broken arrays too."""
    data = json.dumps(values, indent=indent).encode() + noise
    places = sorted({0, *(min(cut, len(data)) for cut in cuts), len(data)})
    mine, state = kernel.Borders(), np.zeros(3, np.int64)
    for start, end in itertools.pairwise(places):
        piece = data[start:end]
        out = np.empty(len(piece) + 1, np.int64)
        count = plain.borders(np.frombuffer(piece, np.uint8), state, out)
        assert mine.feed(piece).tolist() == out[:count].tolist()
    assert mine.state.tolist() == state.tolist()
