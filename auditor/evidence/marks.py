"""Pieces of a text as one string: a mark before each says what it is, so that no offsets reach a browser.

The marks are noncharacters, which no text that is exchanged may hold; what holds them nevertheless is cleared of them.
"""

import re

from auditor import text as model
from auditor.evidence import CUT, OWN, PLAIN, SAME, Piece, Pieces

MATCHES = 12
"""Stretches that can be pointed at: the longest ones."""

KINDS = (OWN, SAME, *(f"m{number}" for number in range(MATCHES)), PLAIN, CUT)
"""What the marks say, in their order from ``FIRST`` on; after ``CUT`` stands a number of characters."""

FIRST = 0xFDD0
LAID = KINDS.index(PLAIN) + FIRST

_MARK = re.compile("([\ufdd0-\ufdef])")
_CODES = {kind: chr(FIRST + number) for number, kind in enumerate(KINDS)}


_UNFIT = re.compile("[\ud800-\udfff\ufdd0-\ufdef]")


def cleared(text: str) -> str:
    r"""Replace what would be taken for a mark, and lone surrogates.

    >>> cleared("a\ufdd0b")
    'a\ufffdb'
    """
    return _MARK.sub("\ufffd", model.analysed(text)) if _UNFIT.search(text) else text


def pieces(text: str) -> Pieces:
    r"""Take a marked text apart; it begins plain.

    >>> [piece[:2] for piece in pieces("a\ufdd0b\ufddec")]
    [('', 'a'), ('own', 'b'), ('', 'c')]
    """
    first, *rest = _MARK.split(text)
    found = [Piece(PLAIN, first)]
    for mark, part in zip(rest[::2], rest[1::2], strict=True):
        kind = KINDS[ord(mark) - FIRST]
        found.append(Piece(CUT, "", 0, int(part)) if kind == CUT else Piece(kind, part))
    return [piece for piece in found if piece.text or piece.chars]


def marked(held: Pieces) -> str:
    """Put pieces together as one marked text.

    >>> pieces(marked([Piece("own", "a"), Piece("cut", "", 0, 9)]))
    [Piece(kind='own', text='a', times=0, chars=0), Piece(kind='cut', text='', times=0, chars=9)]
    """
    return "".join(f"{_CODES[kind]}{chars or text}" for kind, text, _, chars in held)
