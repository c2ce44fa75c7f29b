"""Loops are found and judged as their public definition says."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.kernels.reference import loops as reference
from auditor.signals import loop_near
from auditor.signals import loops as signal
from auditor.signals.loop_notation import Stretch, is_notation, is_table, is_token
from auditor.signals.loops import Kind, Loop, find, loops, main_loop

GOLD = json.loads((Path(__file__).parents[1] / "gold" / "loops.json").read_text(encoding="utf-8"))
SCRIPTS = ["abc de", "没有问题，", "はいそう", "네 그래요", "ไม่เป็นไร", "نعم ", "да и ", "🙂🎈", "x = 1\n", "a-b "]


def written(case: dict[str, Any]) -> str:
    """Write a case's text out."""
    return "".join(piece if isinstance(piece, str) else piece[0] * piece[1] for piece in case["text"])


def named(group: str) -> list[Any]:
    """Return the gold cases of a group, each under its label."""
    return [pytest.param(case, id=case["label"]) for case in GOLD[group]]


def bare(unit: str, kind: str) -> str:
    """Take out of a unit what is not compared."""
    unit = re.sub(r"\s+", "", unit) or unit
    return re.sub(r"\d+", "0", unit) if kind == "numbered" else unit


def check(case: dict[str, Any]) -> None:
    """Hold the main loop of a case to what is expected of it."""
    expected = dict(case["expect"])
    loop = main_loop(loops(written(case)))
    assert loop is not None
    if "unit" in expected:
        mine, theirs = (bare(unit, loop.kind) for unit in (loop.unit, expected.pop("unit")))
        assert len(mine) == len(theirs)
        assert mine in theirs + theirs
    assert {name: getattr(loop, name) for name in expected} == expected


@pytest.mark.parametrize("case", named("hits"))
def test_hit(case: dict[str, Any]) -> None:
    """A loop is found, with its kind, unit and count."""
    check(case)


@pytest.mark.parametrize("case", named("misses"))
def test_miss(case: dict[str, Any]) -> None:
    """What a person writes is no loop."""
    assert loops(written(case)) == []


@pytest.mark.parametrize("case", named("known_misses"))
@pytest.mark.xfail(strict=True, reason="known to be overlooked")
def test_known_miss(case: dict[str, Any]) -> None:
    """What is known to be overlooked; an improvement must move the case to the hits."""
    check(case)


def test_every_case_says_why() -> None:
    """Labels are unique and every case has a comment."""
    cases = [case for group in ("hits", "misses", "known_misses") for case in GOLD[group]]
    assert len({case["label"] for case in cases}) == len(cases)
    assert all(case["comment"] for case in cases)


@pytest.mark.parametrize("unit", SCRIPTS)
def test_planted_loop(unit: str) -> None:
    """A unit of any script written forty times is found where it stands, and counted."""
    text = "Q. " + unit * 40 + "!"
    loop = main_loop(loops(text))
    assert loop is not None
    assert (loop.kind, loop.times, loop.cut) == (Kind.EXACT, 40, True)
    assert text[loop.start : loop.end].strip() == (unit * 40).strip()
    assert bare(loop.unit, "exact") in bare(unit * 2, "exact")


PIECE = st.one_of(
    st.builds(str.__mul__, st.text("ab 1。好\n", min_size=1, max_size=9), st.integers(1, 30)),
    st.text("abc 12.\n", max_size=20),
    st.builds("".join, st.lists(st.builds("item {}: done\n".format, st.integers(0, 99)), max_size=12)),
)
TEXT = st.lists(PIECE, max_size=5).map("".join)


@settings(max_examples=200, deadline=None)
@given(TEXT)
def test_loops_hold_together(text: str) -> None:
    """Loops are in order, apart, inside the text, and their unit stands where they begin."""
    found = loops(text)
    assert all(a.end <= b.start for a, b in pairwise(found))
    for loop in found:
        assert 0 <= loop.start < loop.end <= len(text)
        assert loop.unit in text[loop.start : loop.end]
        assert loop.times >= 3
        assert loop.period == len(re.sub(r"\s+", "", loop.unit)) or loop.kind in {Kind.NUMBERED, Kind.NEAR}


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXT, max_size=5))
def test_many_texts_at_once(texts: list[str]) -> None:
    """A buffer of texts gives what its texts give one by one."""
    encoded = [text.encode() for text in texts]
    buffer = np.frombuffer(b"".join(encoded), np.uint8)
    offsets = np.cumsum([0, *map(len, encoded)])
    assert find(buffer, offsets) == [(number, loop) for number, text in enumerate(texts) for loop in loops(text)]


@settings(max_examples=60, deadline=None)
@given(TEXT)
def test_same_without_compiled_kernel(text: str) -> None:
    """The reference kernel gives the same loops."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signal, "kernel", reference)
        slow = loops(text)
    assert slow == loops(text)


def test_lone_surrogate() -> None:
    """A lone surrogate is one code point, before and after."""
    loop = main_loop(loops("\ud800" * 3 + "never again. " * 5))
    assert loop is not None
    assert (loop.start, loop.times) == (3, 5)


def test_two_loops() -> None:
    """One text may hold several loops; what two could share goes to the longer."""
    found = loops("no way, " * 6 + "way out, " * 5)
    assert [(loop.period, loop.times) for loop in found] == [(6, 6), (7, 5)]
    assert all(a.end <= b.start for a, b in pairwise(found))


def test_longer_loop_wins() -> None:
    """A loop within the copies of a longer one is not reported."""
    assert [loop.times for loop in loops(("ha" * 14 + " said the clown. ") * 4)] == [4]


def test_exact_before_numbered() -> None:
    """Copies that do not differ at all are an exact loop, digits or not."""
    assert [loop.kind for loop in loops("Call 555 now. " * 9)] == [Kind.EXACT]


def test_main_loop() -> None:
    """The main loop is the longest; debris only where there is nothing else."""
    loop, debris = loops("so be it, " * 4 + "\n" + "=" * 300)
    assert (loop.kind, debris.kind) == (Kind.EXACT, Kind.DEBRIS)
    assert main_loop([loop, debris]) is loop
    assert main_loop([debris]) is debris
    assert main_loop([]) is None


def test_loop_is_a_fact() -> None:
    """A loop compares by value and cannot be changed."""
    (loop,) = loops("over and out. " * 4)
    assert loop == Loop(Kind.EXACT, "over and out.", 11, 4, 0, 55, cut=True, severity="noticeable")
    with pytest.raises(AttributeError):
        loop.times = 5  # type: ignore[misc]


def stretch(text: str, unit: str) -> Stretch:
    """Find a unit's copies in a text."""
    start, times = text.index(unit * 3), text.count(unit)
    end = start + len((unit * times).rstrip())
    return Stretch(text, (start, end, end), unit, times)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("x = {0, 0, 0, 0, 0, 0, 0, 0}; y", "0, "),
        ("re.match(r'(ab)?(ab)?(ab)?\\w+\\w+\\w+', s)", "\\w+"),
        ("map: {} {} {} {} end", "{} "),
        ("a(a, b, b, b, b, b, b, b, b, c)", "b, "),
        ("2 + 2 + 2 + 2 + 2 = 10", "2 + "),
        ("<p></p><p></p><p></p><p></p> done", "<p></p>"),
    ],
)
def test_notation(text: str, unit: str) -> None:
    """Notation is notation as long as it is closed."""
    run = stretch(text, unit)
    assert is_notation(run)
    assert not is_notation(run._replace(text=text[: run.span[2]]))


def test_table_is_not_endless() -> None:
    """A table of a hundred equal rows is no table that a person wrote."""
    row = "| no | no |\n"
    assert is_table(stretch("| a | b |\n" + row * 9 + "end", row))
    assert not is_table(stretch("| a | b |\n" + row * 99 + "end", row))


@pytest.mark.parametrize("token", ["<|im_end|>", "</s>", "[PAD151643]", "<unk><unk>", "&nbsp;"])
def test_special_tokens(token: str) -> None:
    """Special tokens are known wherever the unit begins."""
    assert all(is_token(token[i:] + token[:i]) for i in range(len(token)))
    assert not is_token(token + "text")


@settings(max_examples=100, deadline=None)
@given(st.text("abc", max_size=9), st.text("abc", max_size=9))
def test_changes_are_edit_distance(one: str, other: str) -> None:
    """The bit-parallel distance is the distance of the textbook."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        above, row = row, [i]
        for j, b in enumerate(other):
            row.append(min(above[j + 1] + 1, row[j] + 1, above[j] + (a != b)))
    assert loop_near._changes(one, other) == row[-1]


def test_near_loop_of_a_long_text() -> None:
    """Of a very long near loop the end is found."""
    text = "".join(f"print(shift('{chr(97 + i % 26)}'))\n" for i in range(4000))[:-9]
    loop = main_loop(loops(text))
    assert loop is not None
    assert loop.cut
    assert loop.end == len(text)
