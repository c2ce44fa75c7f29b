"""Evidence: pieces give every text back, and mark what the shingles that decided cover."""

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import text as model
from auditor.evidence import CUT, FOLD, HERE, OWN, REST, SAME, Piece, Pieces
from auditor.evidence.loop import loop, marked
from auditor.evidence.marks import MATCHES, pieces
from auditor.evidence.places import places, spans
from auditor.evidence.shared import LONGEST, alone, shared, words
from auditor.sample import Role, Turn
from auditor.signals.loops import Kind, loops
from auditor.text import SHINGLE

TEXTS = st.text(st.sampled_from("ab c，。中文①ﬁＡe\u0301é\u1112\u1161가Σİ½\n👩\u200d🍳\ud800\x00 "), max_size=60)


def asked(prompt: str, answer: str, system: str = "") -> list[Turn]:
    """Return a sample of one exchange."""
    turns = [Turn(Role.USER, prompt, False), Turn(Role.ASSISTANT, answer, True)]
    return [Turn(Role.SYSTEM, system, False), *turns] if system else turns


class Both(NamedTuple):
    """Two samples compared, as pieces."""

    left: list[Pieces]
    right: list[Pieces]
    matches: dict[str, int]


def both(left: list[Turn], right: list[Turn]) -> Both:
    """Compare two samples."""
    (found,) = shared(words([left, right]), [(0, 1)])
    return Both([pieces(text) for text in found.left], [pieces(text) for text in found.right], found.matches)


def joined(pieces: Iterable[Piece]) -> str:
    """Put pieces together again."""
    return "".join(piece.text for piece in pieces)


def texts(pieces: Iterable[Piece], *kinds: str) -> list[str]:
    """Return the texts of pieces of some kinds; every match is shared."""
    return [piece.text for piece in pieces if piece.kind in kinds or (SAME in kinds and piece.kind.startswith("m"))]


@given(TEXTS)
def test_spans_are_those_of_the_definition(text: str) -> None:
    """The spans found in bulk are those that the token model defines."""
    normalised = model.normalise(text)
    assert list(zip(*(side.tolist() for side in spans(normalised)), strict=True)) == list(model.spans(normalised))


@given(TEXTS)
def test_places_hold_what_became_the_tokens(text: str) -> None:
    """What stands at a token's place in the written text normalises to something that holds the token."""
    text = model.analysed(text)
    normalised = model.normalise(text)
    tokens = [normalised[start:end] for start, end in model.spans(normalised)]
    found = zip(*(side.tolist() for side in places([text], [normalised], np.array([0, len(tokens)]))), strict=True)
    for token, (start, end) in zip(tokens, found, strict=True):
        assert 0 <= start < end <= len(text)
        # A sigma is written otherwise at the end of a word, and a place may end there.
        assert token.replace("ς", "σ") in model.normalise(text[start:end]).replace("ς", "σ")


@pytest.mark.parametrize(
    ("text", "token", "written"),
    [
        ("ﬁne wine", "fine", "ﬁne"),
        ("Ｈｅｌｌｏ!", "hello", "Ｈｅｌｌｏ"),
        ("cafe\u0301 bar", "café", "cafe\u0301"),
        ("İstanbul x", "i\u0307stanbul", "İstanbul"),
        ("x ½ y", "2", "½"),
        ("ΑΣ end", "ας", "ΑΣ"),
    ],
)
def test_tokens_are_found_where_they_are_written(text: str, token: str, written: str) -> None:
    """A token whose letters changed in number is found in the text as it is written."""
    normalised = model.normalise(text)
    tokens = [normalised[start:end] for start, end in model.spans(normalised)]
    starts, ends = places([text], [normalised], np.array([0, len(tokens)]))
    at = tokens.index(token)
    assert text[starts[at] : ends[at]] == written


@settings(deadline=None)
@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_pieces_give_the_texts_back(prompt: str, answer: str, other: str, system: str) -> None:
    """Joined pieces are the texts, whatever was marked in them."""
    left, right = asked(prompt, answer, system), asked(other, prompt + answer)
    found = both(left, right)
    for turns, side in ((left, found.left), (right, found.right)):
        assert [joined(held) for held in side] == [model.analysed(turn.text) for turn in turns]


def covered(here: str, there: str, size: int = SHINGLE) -> list[int]:
    """Return the tokens that a shingle of the other text covers, the slow way."""
    tokens = model.tokens(here)
    known = set(model.shingle_hashes(model.tokens(there), size))
    hits = [start for start, value in enumerate(model.shingle_hashes(tokens, size)) if value in known]
    return [at for at in range(len(tokens)) if any(start <= at < start + size for start in hits)]


WORDS = st.lists(st.sampled_from(["red", "blue", "green", "中", "文"]), max_size=24).map(" ".join)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_marks_are_the_shingles_that_decided(here: str, there: str) -> None:
    """A token is marked as shared if and only if a shingle of both texts covers it."""
    left, right = asked("", here), asked("", there)
    found = both(left, right)
    equal = model.tokens(here) == model.tokens(there)
    for text, other, side in ((here, there, found.left[-1]), (there, here, found.right[-1])):
        flags = [piece.kind != OWN for piece in side for _ in model.tokens(piece.text)]
        want = set(range(len(flags))) if equal else set(covered(text, other))
        assert [at for at, flag in enumerate(flags) if flag] == sorted(want)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_matches_are_the_same_words(here: str, there: str) -> None:
    """What a match points at begins alike on both sides, and its size is that of the left side."""
    found = both(asked("", here), asked("", there))
    assert len(found.matches) <= MATCHES
    for name, size in found.matches.items():
        left, right = ([p.text for p in side[-1] if p.kind == name] for side in (found.left, found.right))
        assert left
        assert size <= len(here)
        if len(left) == len(right) == 1:
            assert set(model.tokens(right[0])) <= set(model.tokens(left[0]))


def test_parts_without_shingles_are_compared_exactly() -> None:
    """A prompt of fewer tokens than a shingle is shared if it is equal, and its own otherwise."""
    answer = "the quick brown fox jumps over the lazy dog"
    same = both(asked("Why not?", answer), asked("why  NOT", answer))
    assert texts(same.left[0], OWN) == []
    other = both(asked("Why not?", answer), asked("Why?", answer))
    assert texts(other.left[0], OWN) == ["Why not"]


def test_a_system_text_counts_only_against_the_whole_other_sample() -> None:
    """What stands in the system text of one sample and in the prompt of the other is shared in the former alone."""
    text = "you are a helpful assistant who likes to cook"
    left, right = asked("how do I boil an egg at home", "in water", text), asked(text, "in water")
    found = both(left, right)
    assert texts(found.left[0], OWN) == []
    assert texts(found.right[0], SAME) == []


def test_shingles_never_cross_from_the_prompt_into_the_answer() -> None:
    """Five tokens that are neighbours only because an answer follows a prompt are no shingle."""
    left, right = asked("a b c", "d e f g h i"), asked("x", "a b c d e")
    assert texts(both(left, right).right[1], SAME) == []


def test_long_samples_are_compared_as_far_as_they_can_be_shown() -> None:
    """Beyond a limit a text is neither compared nor shown, and the pieces say how much is missing."""
    turns = asked("short", "word " * LONGEST)
    held = both(turns, turns).left[-1]
    assert held[-1].kind == CUT
    assert sum(len(piece.text) for piece in held) + held[-1].chars == 5 * LONGEST
    assert pieces(alone(turns)[-1])[-1].chars == held[-1].chars


def test_samples_without_words_have_no_marks() -> None:
    """Samples that hold no token, or no turn, are shown as they are."""
    for turns in ([], asked("", ""), asked("…", "！！")):
        assert [joined(held) for held in both(turns, turns).left] == [turn.text for turn in turns]
    assert shared(words([]), []) == []


@given(st.text(st.sampled_from("ab\ufdd0\ufddd\ufdde\ufdef"), max_size=9))
def test_no_text_can_set_marks(text: str) -> None:
    """What a text holds that looks like a mark is replaced before marks are set."""
    for held in (pieces(alone(asked("", text))[-1]), both(asked("", text), asked("", text)).left[-1]):
        assert joined(held) == re.sub("[\ufdd0-\ufdef]", "\ufffd", text)


NEAR = "".join(f'check("{"go" * i}", {i * 7 % 5});\n' for i in range(9, 18))
LOOPS = [
    ("Well, " + "no " * 40 + "and so on to the end of it.", Kind.EXACT),
    ("List:" + "".join(f"\n{i}. Stir it again, and then add a pinch of salt." for i in range(1, 30)), Kind.NUMBERED),
    ("首先。" + "要不停地翻动，小心糊底。" * 12 + "要不停地翻", Kind.EXACT),
    ("Result:\n" + "-" * 400, Kind.DEBRIS),
    (NEAR[:-8], Kind.NEAR),
]


@pytest.mark.parametrize(("text", "kind"), LOOPS, ids=lambda value: value.value if isinstance(value, Kind) else "text")
def test_loops_are_numbered_and_folded(text: str, kind: Kind) -> None:
    """What is shown of a loop, with what its fold stands for, is the text; three copies are numbered."""
    (found,) = loops(text)
    assert found.kind is kind
    pieces = loop(text, kind.value, (found.start, found.end), found.period, found.times)
    folds = [piece for piece in pieces if piece.kind == FOLD]
    assert len(joined(pieces)) + sum(piece.chars for piece in folds) == len(text)
    copies = [piece.text for piece in pieces if piece.kind.isdigit()]
    if kind is Kind.DEBRIS:
        assert (len(copies), folds) == (1, [])
        return
    assert len(copies) == 3
    assert sum(piece.times for piece in folds) == found.times - 3
    assert text.startswith(joined(pieces[: next(i for i, piece in enumerate(pieces) if piece.kind == FOLD)]))


def test_a_broken_off_copy_is_told_from_the_full_ones() -> None:
    """The rest of a loop that the text breaks off is a piece of its own."""
    text = "Stir the soup and wait. " * 6 + "Stir the so"
    (found,) = loops(text)
    pieces = loop(text, "exact", (found.start, found.end), found.period, found.times)
    assert joined(piece for piece in pieces if piece.kind == REST) == "Stir the so"


def test_few_copies_are_all_shown() -> None:
    """Four copies are shown in full: a fold that stands for one copy saves nothing."""
    pieces = loop("x abc abc abc abc y", "exact", (2, 17), 3, 4)
    assert [piece.kind for piece in pieces if piece.kind] == ["1", "2", "3", "4"]


def test_a_mark_leaves_out_the_line_break_before_it() -> None:
    """A marker that begins with a line break is pointed at on its own line."""
    assert marked("Yes.\nUser: hi", 4, 10) == [Piece("", "Yes.\n"), Piece(HERE, "User:"), Piece("", " hi")]
