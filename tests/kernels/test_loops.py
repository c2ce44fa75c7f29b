"""The compiled finder of periodic stretches is the reference on every input, and quick on the worst of them."""

import random
import re
import time
from collections.abc import Callable, Sequence
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.kernels.reference import loops as reference
from auditor.kernels.reference.loops import BLANK, MASKED, PLAIN, TAIL

try:
    from auditor.kernels.native import loops as native
except ImportError:
    native = None  # type: ignore[assignment]

compiled = pytest.mark.skipif(native is None, reason="the compiled kernel is not built")

ALPHABETS = ["ab", "a1", "a-", "0-", "a 1", "ab12 -", "好1。", "é😀\n", "ab\u3000٣", "★a -", "0123456789"]


def flat(texts: Sequence[bytes]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Lay texts side by side."""
    return np.frombuffer(b"".join(texts), np.uint8), np.cumsum([0, *map(len, texts)], dtype=np.int64)


def rows(text: str) -> list[list[int]]:
    """Give the reference's rows for one text, without its number."""
    return [row[1:] for row in reference.runs(*flat([text.encode()])).tolist()]


@st.composite
def pieces(draw: st.DrawFn, alphabet: str) -> str:
    """Write something periodic, nearly periodic, growing, or blank."""
    unit = draw(st.text(alphabet, min_size=1, max_size=draw(st.sampled_from([1, 2, 3, 5, 9, 30]))))
    copies = unit * draw(st.integers(1, 9)) + unit[: draw(st.integers(0, len(unit)))]
    match draw(st.integers(0, 5)):
        case 0:
            return " ".join(copies)
        case 1:
            place = draw(st.integers(0, len(copies)))
            return copies[:place] + draw(st.sampled_from(alphabet)) + copies[place + 1 :]
        case 2:
            return "".join(unit + draw(st.text(alphabet, max_size=2)) for _ in range(draw(st.integers(3, 9))))
        case 3:
            return re.sub(r"\d", lambda _: str(draw(st.integers(0, 10**12))), copies)
        case 4:
            return draw(st.sampled_from(" \n\u3000-")) * draw(st.integers(190, 210))
        case _:
            return copies


TEXT = st.sampled_from(ALPHABETS).flatmap(lambda alphabet: st.lists(pieces(alphabet), max_size=5).map("".join))


@compiled
@settings(max_examples=300, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=4))
def test_native_is_the_reference(texts: list[str]) -> None:
    """Sieve and search find what comparing every text with itself at every shift finds."""
    held = flat([text.encode() for text in texts])
    assert native.runs(*held).tolist() == reference.runs(*held).tolist()


@compiled
@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=4), st.integers(1, 40))
def test_any_bytes(texts: list[bytes], times: int) -> None:
    """Bytes that are no UTF-8 are read as Python reads them, and break nothing."""
    held = flat([text * times if len(text) < 30 else text for text in texts])
    assert native.runs(*held).tolist() == reference.runs(*held).tolist()


@compiled
def test_long_random_text() -> None:
    """Windows are many, and tables large, in long texts of few letters."""
    source = random.Random(3)
    for alphabet in ("ab", "abc1 "):
        held = flat(["".join(source.choices(alphabet, k=5000)).encode()])
        assert native.runs(*held).tolist() == reference.runs(*held).tolist()


@compiled
def test_every_code_point() -> None:
    """White space, digits and content are those of Python's strings."""
    points = [chr(code) for code in range(0x30000) if not 0xD800 <= code < 0xE000]
    for other in "-a":
        found: dict[int, list[list[int]]] = {}
        for number, *row in native.runs(*flat([((point + other) * 12).encode() for point in points])).tolist():
            found.setdefault(number, []).append(row)
        for number, point in enumerate(points):
            size = 12 if point.isspace() else 24
            period = 1 if point.isspace() or point == other else 2
            expected = [[PLAIN, 0, size, period]] if reference.holds_content(point + other) else []
            expected += [[MASKED, 0, 24, 2]] if point.isdecimal() and other == "a" else []
            assert found.get(number, []) == expected


def fibonacci(size: int) -> str:
    """Give the word that is fullest of repetitions."""
    word, longer = "a", "ab"
    while len(word) < size:
        word, longer = longer, longer + word
    return word[:size]


@compiled
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(lambda size: "a" * size, id="one letter"),
        pytest.param(lambda size: "ab" * (size // 2), id="two letters"),
        pytest.param(fibonacci, id="Fibonacci"),
        pytest.param(lambda size: "".join("ab"[i.bit_count() & 1] for i in range(size)), id="Thue-Morse"),
        pytest.param(lambda size: "".join(random.Random(1).choices("a1", k=size)), id="random"),
        pytest.param(lambda size: "".join(random.Random(2).choices("abcdefgh", k=size // 3)) * 3, id="long unit"),
    ],
)
def test_worst_cases(text: Callable[[int], str]) -> None:
    """A megabyte of the worst takes a second at most, and is given ten here."""
    held = flat([text(1 << 20).encode()])
    before = time.perf_counter()
    native.runs(*held)
    assert time.perf_counter() - before < 10


@compiled
def test_bad_offsets() -> None:
    """Offsets outside of the buffer, or out of order, are refused."""
    buffer = np.frombuffer(b"so so so", np.uint8)
    for offsets in ([0, 9], [-1, 3], [4, 2], [0, 3, 2]):
        with pytest.raises(ValueError, match="offsets must ascend"):
            native.runs(buffer, np.array(offsets))


@pytest.mark.parametrize(
    "kernel", [pytest.param(native, marks=compiled, id="native"), pytest.param(reference, id="reference")]
)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("ab" * 7, []),
        ("ab" * 8, [[PLAIN, 0, 16, 2]]),
        ("x" + "ab " * 9 + "a", [[PLAIN, 1, 20, 2]]),
        ("word one. " * 2 + "word one", [[PLAIN, 0, 23, 8]]),
        ("word one. " * 2 + "word on", []),
        ("-" * 200, [[TAIL, 8, 200, 0]]),
        ("-" * 201, [[PLAIN, 0, 201, 1], [TAIL, 9, 201, 0]]),
        (" " * 201, [[BLANK, 0, 201, 0]]),
        ("7" * 20, [[PLAIN, 0, 20, 1]]),
        ("row 1, row 22, row 333", [[MASKED, 0, 14, 5]]),
        ("1, 22, 333, 4444, 55555", []),
        ("١٢٣ب٤٥٦ب٧٨٩ب٠١٢ب٣٤٥ب", [[MASKED, 0, 10, 2]]),
    ],
)
def test_rows(kernel: ModuleType, text: str, expected: list[list[int]]) -> None:
    """What is proposed, in symbols of which view."""
    assert [row[1:] for row in kernel.runs(*flat([text.encode()])).tolist()] == expected


def test_shortest_period_only() -> None:
    """A stretch is proposed once, under its shortest period."""
    assert rows("abab" * 9) == [[PLAIN, 0, 36, 2]]


def test_reference_survives_long_texts() -> None:
    """Twenty kilobytes take the reference a moment."""
    before = time.perf_counter()
    assert rows("".join(random.Random(5).choices("abcdefghijklmnop ", k=20_000))) == []
    assert time.perf_counter() - before < 10
