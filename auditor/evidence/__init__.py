"""Evidence as people see it: what two samples share, and where a loop's copies begin.

Everything comes as pieces of text, never as offsets, which browsers count otherwise than Python does.
"""

from typing import NamedTuple

PLAIN, SAME, OWN, CUT, FOLD, REST, HERE = "", "same", "own", "cut", "fold", "rest", "here"
"""Kinds of pieces: between tokens; shared; of this text alone; left out; copies left out; a broken-off copy;
what is pointed at.

A shared stretch that can be pointed at in both texts is ``m0``, ``m1`` …; the first copies of a loop are ``1``, ``2``,
``3``.
"""


class Piece(NamedTuple):
    """A stretch of text and what it is; a fold stands for ``times`` copies, a cut for ``chars`` characters."""

    kind: str
    text: str
    times: int = 0
    chars: int = 0


Pieces = list[Piece]
