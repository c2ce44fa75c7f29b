"""The parts of a report: shards, words, glyphs, choices, and what its templates and scripts may not do."""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auditor.evidence import CUT, Piece
from auditor.outputs.html import chosen, render
from auditor.outputs.html.shards import Family, packed, shard
from auditor.outputs.html.shown import fitted, visible
from auditor.outputs.html.strings import fill, strings
from auditor.shipped import REPORTS

SCRIPTS = sorted(REPORTS.glob("*.js"))
TEMPLATES = sorted(REPORTS.glob("*.html"))


def opened(script: str) -> tuple[str, Any]:
    """Open a shard: its name, and what it holds."""
    name, packed = re.fullmatch(r'shard\("([\w-]+)","([\w+/=]+)"\)\n', script).groups()
    return name, json.loads(gzip.decompress(base64.b64decode(packed)))


def test_a_shard_cannot_end_its_script() -> None:
    """Base64 has no character that HTML or JavaScript treats specially."""
    held = ["</script><img src=x onerror=alert(1)>", "\u2028\u2029\x00", "\ud800", "中文"]
    script = shard("x", held)
    assert not set(script) & set("<>&'\u2028\x00\\")
    assert opened(script) == ("x", [*held[:2], "?", "中文"])


def test_a_family_is_cut_into_shards_and_stops_at_its_budget() -> None:
    """Items are found by shard and place; where the budget ends, so does the family."""
    family = Family("many", 1_000_000)
    places = [family.add({"n": n, "text": "x" * 50_000}) for n in range(20)]
    scripts = family.close({})
    assert all(opened(scripts[f"many-{s:03d}"])[1][at]["n"] == n for n, (s, at) in enumerate(places))
    small = Family("few", 500)
    noise = np.random.default_rng(0).bytes(200_000).hex()
    kept = [small.add({"text": noise}) for _ in range(5)]
    assert kept[0] is not None
    assert kept[-1] is None


def test_strings_have_the_same_keys_and_places_in_both_languages() -> None:
    """No sentence is missing in a language, nor a value in a sentence."""
    english, chinese = strings()["en"], strings()["zh"]
    assert list(english) == list(chinese)
    for key, text in english.items():
        places = [set(re.findall(r"\{(\w+)", held)) for held in (text, chinese[key])]
        assert places[0] == places[1], key


def test_every_string_is_used_and_every_key_exists() -> None:
    """What the pages ask for is there, and nothing else is."""
    code = [*SCRIPTS, *TEMPLATES, *Path(render.__code__.co_filename).parent.glob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in code)
    keys = set(strings()["en"])
    asked = set(re.findall(r"""\b(?:t|say|label)\(\s*["']([a-z.]+)["'][,)]""", text))
    assert asked <= keys, asked - keys
    named = set(re.findall(r"""["'`]([a-z]+(?:\.[a-z]+)+)["'`]""", text))
    begun = tuple(re.findall(r"""["'`]([a-z]+(?:\.[a-z]+)*\.)(?:["'`]|\$?\{)""", text))
    assert {key for key in keys - named - {"language"} if not key.startswith(begun)} == set()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_write_text_only(path: Path) -> None:
    """No script makes markup or code of data."""
    text = path.read_text(encoding="utf-8")
    banned = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|\bon\w+\s*=[^=]|javascript:"
    assert not re.search(banned, text)
    assert set(re.findall(r"https?:[\w./]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert "</script" not in text


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_escape_everything(path: Path) -> None:
    """No template turns escaping off, carries a style or a handler, or leaves an attribute unquoted."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe|autoescape|\bstyle=|\son\w+=|javascript:|https?:", text)
    bare = re.sub(r'"[^"]*"', '""', re.sub(r"\{[{%].*?[%}]\}", "", text))
    assert not re.search(r"<[^>]*=[^\"]", bare)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("\x00\x1b[31m", "⟨NUL⟩⟨ESC⟩[31m"),
        ("a\u200bb\u2066c\u2069", "a⟨ZWSP⟩b⟨LRI⟩c⟨PDI⟩"),
        ("\ufeffBOM", "⟨BOM⟩BOM"),
        ("\U000e0041\U000e0042", "⟨U+E0041⟩⟨U+E0042⟩"),
        ("👨\u200d👩\u200d👧 می\u200cخواهم", "👨\u200d👩\u200d👧 می\u200cخواهم"),
        ("ab\u200dcd", "ab⟨ZWJ⟩cd"),
        ("\r\n", "⟨CR⟩\n"),
        ("x" + " " * 20 + "y", "x␠×20y"),
        ("a" + "\n" * 9 + "b", "a\n⏎×7\nb"),
        ("❤\ufe0f and \ufe00\ufe01\ufe02", "❤\ufe0f and ⟨U+FE00⟩⟨U+FE01⟩⟨U+FE02⟩"),
        ("\ud83d\ude00 \ud83d", "😀 \ufffd"),
    ],
)
def test_what_would_be_invisible_is_drawn(text: str, shown: str) -> None:
    """Controls become labelled glyphs; what belongs to a script or an emoji stays."""
    assert visible(text) == shown
    assert visible(shown) == shown


def test_pieces_of_one_kind_are_joined() -> None:
    """Neighbours of one kind are one piece; cuts stay apart."""
    pieces = [Piece("", "a"), Piece("", "b"), Piece(CUT, "", 0, 5), Piece("", "c")]
    assert packed(pieces) == [["", "ab"], [CUT, "", 0, 5], ["", "c"]]


def test_fitted_pieces_count_what_they_leave_out() -> None:
    """However much is left out, shown and left out add up to the whole."""
    turns = [[Piece("", "x" * 700), Piece("own", "y"), Piece("", "z" * 900)], [Piece("", "w" * 50)] * 60]
    for room in (10, 100, 1000, 5000):
        held = [piece for turn in fitted(turns, room) for piece in turn]
        assert sum(len(piece.text) for piece in held) <= max(room, 80)
        assert sum(len(piece.text) + piece.chars for piece in held) == 700 + 1 + 900 + 3000


def test_a_choice_holds_the_worst_the_doubtful_and_the_typical() -> None:
    """The same items are chosen in whatever order they come."""
    rng = np.random.default_rng(1)
    stake, doubt = rng.integers(0, 1000, 5000), rng.random(5000)
    order = np.array([f"{n:016x}" for n in rng.permutation(5000)], "S16")
    picked = chosen.chosen(stake, doubt, order, 100)
    assert len(set(picked.tolist())) == 100
    assert stake[picked[:60]].min() >= np.sort(stake)[-61]
    turned = chosen.chosen(stake[::-1], doubt[::-1], order[::-1], 100)
    assert {order[at] for at in picked.tolist()} == {order[4999 - at] for at in turned.tolist()}


def test_numbers_and_words_agree() -> None:
    """One row is a row."""
    said = [str(fill("{n} {n|row|rows}", n=n)) for n in (0, 1, 2, 12345)]
    assert said == ["0 rows", "1 row", "2 rows", "12,345 rows"]
