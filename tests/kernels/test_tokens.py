"""The compiled tokeniser is the reference tokeniser, on every input."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import text as model
from auditor.kernels import tokens as kernel
from auditor.kernels.flat import Texts, column, flat, taken
from auditor.kernels.reference import tokens as plain

compiled = pytest.mark.skipif(not kernel.COMPILED, reason="no compiled kernels here")

SCRIPTS = st.sampled_from(
    "aZé ß İ Σ ΟΣ ﬁ Ａ１ ① ½ ² 中文，。！「」 ひらカナ ｶﾞ 한국어 각 ᄀ ᅡ ᆨ ไทย ក្រុម မြန်မာ བོད་ العَرَبِيَّة עִבְרִית हिन्दी ক়ো "
    "தமிழ் 😀 👨‍👩‍👧 🇨🇳 1️⃣ \u200b\u200d\ufeff\u00a0\u3000\u2028\x00\x1c\x85 e\u0301 a\u0327\u0301 \ufdfa \U0001d6ba "
    "\ufffd ()[]{}<>|_-+*/=#\t\n"
)
TEXT = st.lists(st.one_of(SCRIPTS, st.characters(codec="utf-8")), max_size=40).map("".join)


@compiled
@settings(max_examples=400, deadline=None)
@given(st.lists(TEXT, max_size=6))
def test_kernel_equals_reference(texts: list[str]) -> None:
    """Normalised bytes, token hashes, sizes and copy hashes agree on any text of any script."""
    held = flat(texts)
    mine, theirs = kernel.normalise(held), plain.normalise(held)
    assert list(mine.strings()) == list(theirs.strings())
    order = np.arange(held.number, dtype=np.int64)[::-1].copy()
    for left, right in zip(kernel.tokens(mine, order), plain.tokens(theirs, order), strict=True):
        assert left.tolist() == right.tolist()
    assert kernel.copy_hashes(mine).tolist() == plain.copy_hashes(theirs).tolist()


@compiled
@settings(max_examples=200, deadline=None)
@given(st.lists(TEXT | st.text("a中", max_size=3000), max_size=6))
def test_characters_equal_reference(texts: list[str]) -> None:
    """Code points are counted as Python counts them, in texts longer than any block of the kernel too."""
    assert kernel.characters(flat(texts)).tolist() == [len(text) for text in texts]


@compiled
@pytest.mark.parametrize("seed", range(5))
def test_part_keys_equal_reference(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of prompts, answers and frames, also of samples without such turns, or with empty ones only."""
    draw = np.random.default_rng(seed)
    texts = flat(draw.choice(["", "a", "中b", "cc"], 60).tolist())
    hashes = draw.integers(0, 2**64, (60, 2), np.uint64)
    part, role = draw.integers(0, 3, 60).astype(np.int8), draw.integers(0, 4, 60).astype(np.int8)
    first = np.concatenate([[0], np.sort(draw.integers(0, 61, 19)), [60]])
    for parts in ((0,), (1,), (0, 2), (0, 1, 2)):
        mine = kernel.part_keys(hashes, part, role, texts, first, *parts)
        with monkeypatch.context() as patch:
            patch.setattr(kernel, "COMPILED", False)
            theirs = kernel.part_keys(hashes, part, role, texts, first, *parts)
        assert mine.tolist() == theirs.tolist()
        assert (mine == 0).all(1).any()
    with pytest.raises(ValueError, match="fit together"):
        kernel.part_keys(hashes, part[:-1], role, texts, first, 0)


@compiled
def test_every_code_point() -> None:
    """Each code point by itself, and between letters, is normalised and classed as Python says."""
    chars = [chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]
    held = flat(chars + [f"a{char}a" for char in chars[:0x3000]])
    mine = kernel.normalise(held)
    assert all(model.normalise(text) == got for text, got in zip(held.strings(), mine.strings(), strict=True))
    some = Texts(mine.buffer, mine.offsets[: 0x3200 + 1])
    order = np.arange(some.number, dtype=np.int64)
    for left, right in zip(kernel.tokens(some), plain.tokens(some, order), strict=True):
        assert left.tolist() == right.tolist()


@compiled
def test_runs_of_han() -> None:
    """Letters that are read five at a time: whatever stands before, between and behind them, at every distance."""
    borders = "\u4dff\u4e00\u8fff\u9000\u9fbf\u9fc0\u9fef\u9ff0\u9fff\ua000，。é😀a"
    texts = ["中" * before + char + "文" * behind for char in borders for before in range(13) for behind in range(13)]
    texts += [f"中{chr(code)}文字中文字" for code in range(0x3000, 0xA100)]
    held = flat(texts)
    mine, theirs = kernel.normalise(held), plain.normalise(held)
    assert list(mine.strings()) == list(theirs.strings())
    order = np.arange(held.number, dtype=np.int64)
    for left, right in zip(kernel.tokens(mine), plain.tokens(theirs, order), strict=True):
        assert left.tolist() == right.tolist()


@compiled
@pytest.mark.parametrize("behind", ["", " ", "é", "é word", "中文", "，a", "\u2028", " x" * 50])
def test_words_of_ascii(behind: str) -> None:
    """Words that are found 64 bytes at a time: of every length, at every distance, whatever stands behind them."""
    words = ["w" * size for size in range(1, 70)]
    texts = ["-" * before + "".join(f"{word}." for word in words[at : at + 3]) for before in range(66) for at in (0, 5)]
    texts += [f"{' ' * (70 - len(word))}{word}" for word in words] + [
        f"{word}é{word}, {word}中{word}" for word in words
    ]
    held = flat([text + behind for text in texts])
    order = np.arange(held.number, dtype=np.int64)
    for left, right in zip(kernel.tokens(held), plain.tokens(held, order), strict=True):
        assert left.tolist() == right.tolist()


@compiled
@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["word", "A", "x" * 9, "y" * 30, " ", ", ", "é", "中", "。"]), max_size=60)))
def test_longer_texts_equal_reference(texts: list[list[str]]) -> None:
    """Texts of several blocks, in which scripts take turns."""
    held = kernel.normalise(flat(["".join(parts) for parts in texts]))
    order = np.arange(held.number, dtype=np.int64)
    for left, right in zip(kernel.tokens(held), plain.tokens(held, order), strict=True):
        assert left.tolist() == right.tolist()


@compiled
@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=300)
    | st.lists(st.sampled_from([b"\xe4\xb8\xad", b"\xe9\xbf\xaf", b"\xe4", b"\x80", b"word ", b"a" * 70])).map(b"".join)
)
def test_any_bytes_are_safe(data: bytes) -> None:
    """Bytes that are no UTF-8 neither crash the kernels nor leave the buffer."""
    held = Texts(np.frombuffer(data, np.uint8), np.array([0, len(data) // 2, len(data)], np.int64))
    normalised = kernel.normalise(held)
    assert normalised.number == 2
    found = kernel.tokens(normalised)
    assert found.bounds[-1] == len(found.hashes)


def test_offsets_outside_the_buffer_are_refused() -> None:
    """A wrong offset is an error of the caller, not a wild read."""
    with pytest.raises(ValueError, match="offsets"):
        kernel.normalise(Texts(np.zeros(3, np.uint8), np.array([0, 4], np.int64)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ＧＰＴ－４ 很强", ["gpt", "4", "很", "强"]),
        ("don't stop", ["don", "t", "stop"]),
        ("안녕", ["안", "녕"]),
        ("สวัสดี", ["ส", "ว", "ั", "ส", "ด", "ี"]),
        ("مُحَمَّد", ["مُحَمَّد"]),
        ("e\u0301tude", ["étude"]),
        ("x_1=y²", ["x", "1", "y2"]),
        ("…！？", []),
        ("a\ud83db", ["a", "b"]),
    ],
)
def test_tokens(text: str, words: list[str]) -> None:
    """Words of spaced scripts stay whole, letters of the others stand alone, punctuation separates."""
    assert model.tokens(text) == words


def test_texts_of_arrow_slices() -> None:
    """A slice of an Arrow column is read where it begins, whatever the width of its offsets."""
    import pyarrow as pa

    for kind in (pa.string(), pa.large_string()):
        array = pa.array(["one", "zwei", "三"], kind).slice(1)
        assert list(column(array).strings()) == ["zwei", "三"]
    assert list(taken(flat(["a", "b"]), np.array([1, 1, 0])).strings()) == ["b", "b", "a"]


def test_unicode_version_is_this_pythons() -> None:
    """Compiled tables of another Unicode version would not be used."""
    assert not kernel.COMPILED or unicodedata.unidata_version == kernel.native.UNICODE
