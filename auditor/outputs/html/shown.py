"""Pieces of text made fit to be seen: not too long, and nothing in them invisible."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from auditor import text as model
from auditor.evidence import CUT, Piece, Pieces


def fitted(turns: Sequence[Pieces], room: int) -> list[Pieces]:
    """Shorten a sample to about ``room`` characters: the middles of long pieces go first, then its end.

    >>> [piece.text or piece.chars for piece in fitted([[Piece("", "a" * 50)]], 10)[0]]
    ['aaaaa', 40, 'aaaaa']
    """
    held = [list(turn) for turn in turns]
    if _size(held) <= room:
        return held
    keep = max(1, room // 2)
    while _size(held) > room and keep >= min(40, room // 2):
        held = [[part for piece in turn for part in _shrunk(piece, keep)] for turn in turns]
        keep //= 2
    return held if _size(held) <= room else _ended(held, room)


def _size(turns: Iterable[Pieces]) -> int:
    return sum([len(piece[1]) for turn in turns for piece in turn])


def _shrunk(piece: Piece, keep: int) -> Pieces:
    lost = len(piece.text) - 2 * keep
    if lost <= 0:
        return [piece]
    return [piece._replace(text=piece.text[:keep]), Piece(CUT, "", 0, lost), piece._replace(text=piece.text[-keep:])]


def _ended(turns: Iterable[Pieces], room: int) -> list[Pieces]:
    """Leave out what stands beyond ``room`` characters."""
    found = []
    for turn in turns:
        kept: Pieces = []
        lost = 0
        for piece in turn:
            if room >= len(piece.text) and not lost:
                kept.append(piece)
                room -= len(piece.text)
            else:
                lost += len(piece.text) + piece.chars
        room = 0 if lost else room
        found.append([*kept, *([Piece(CUT, "", 0, lost)] if lost else [])])
    return found


NAMES = {
    0x00: "NUL", 0x07: "BEL", 0x08: "BS", 0x0B: "VT", 0x0C: "FF", 0x0D: "CR", 0x1B: "ESC", 0x7F: "DEL", 0x85: "NEL",
    0xAD: "SHY", 0x34F: "CGJ", 0x61C: "ALM", 0x200B: "ZWSP", 0x200C: "ZWNJ", 0x200D: "ZWJ", 0x200E: "LRM",
    0x200F: "RLM", 0x2028: "LS", 0x2029: "PS", 0x202A: "LRE", 0x202B: "RLE", 0x202C: "PDF", 0x202D: "LRO",
    0x202E: "RLO", 0x2060: "WJ", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI", 0x3164: "HF",
    0xFEFF: "BOM", 0xFFFC: "OBJ",
}  # fmt: skip
"""How invisible characters are called; others by their code."""

_UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffc\U000e0000-\U000e0fff"
)
_BLANK = " \u00a0\u2000-\u200a\u202f\u205f\u3000\t"
_HIDDEN = re.compile(f"[{_UNSEEN}]|[\ufe00-\ufe0f]{{2,}}|[{_BLANK}]{{17,}}|\n{{5,}}")
# Looked for first, since nearly no text holds any: one class of characters is found faster than one of several things.
_ODD, _FLOOD = re.compile(f"[{_UNSEEN}\ufe00-\ufe0f\ud800-\udfff]"), re.compile(f"[{_BLANK}]{{17}}")


def visible(text: str) -> str:
    r"""Draw what would be invisible, or turn the text around it, as a labelled glyph; a flood of blanks as its length.

    >>> visible("a\u202eb\x00c" + " " * 40)
    'a⟨RLO⟩b⟨NUL⟩c␠×40'
    >>> visible("👩\u200d🍳 \ud800")
    '👩\u200d🍳 �'
    """
    if not (_ODD.search(text) or "\n\n\n\n\n" in text or _FLOOD.search(text)):
        return text
    return _HIDDEN.sub(_glyph, model.analysed(text))


def _glyph(match: re.Match[str]) -> str:
    found = match.group()
    if found[0] == "\n":
        return f"\n⏎×{len(found) - 2}\n"
    if found.isspace() and len(found) > 1:
        return f"␠×{len(found)}"
    if found in "\u200c\u200d" and match.start() and _joins(match.string[match.start() - 1]):
        return found
    return "".join(f"⟨{NAMES.get(ord(char), f'U+{ord(char):04X}')}⟩" for char in found)


def _joins(before: str) -> bool:
    """Say whether a joiner after this character is how a script or an emoji is written."""
    return unicodedata.category(before) in {"So", "Sk", "Mn", "Mc"} or unicodedata.bidirectional(before) == "AL"
