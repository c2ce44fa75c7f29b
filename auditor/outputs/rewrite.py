"""Rows rewritten in place: what goes of a turn is taken out of the row's bytes, and every other byte stays."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from auditor.dialects import Dialects
from auditor.errors import InputError
from auditor.parse import careful
from auditor.source import Source
from auditor.trim import Cut, trimmed

LITERAL = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
"""A string of JSON, as it is written."""

PIECE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL)
"""One code point of a string of JSON, as it is written."""


@dataclass(frozen=True)
class Rewriter:
    """Cuts loops short in the rows of one source."""

    source: Source
    dialects: Dialects

    def cut(self, data: bytes, line: int, held: Sequence[Cut]) -> bytes:
        """Return a row without what goes; InputError where its turns would then be others than they should.

        Loops are cut one after the other, from the last to the first, each checked by reading the row again.
        """
        for cut in reversed(held):
            texts = self._texts(data)
            wanted = trimmed(texts, [cut])
            found = (new for new in _without(data, texts[cut.turn], cut) if self._texts(new) == wanted)
            try:
                data = next(found)
            except StopIteration:
                raise InputError(
                    "{name}:{line}: the loop cannot be cut out of this row", hint="judge without --trim-loops",
                    name=self.source.name, line=line,
                ) from None  # fmt: skip
        return data

    def _texts(self, data: bytes) -> list[str]:
        _, sample = self.dialects.read(careful(data)[0])
        return [turn.text for turn in sample.turns]


def _without(data: bytes, text: str, cut: Cut) -> Iterator[bytes]:
    """Yield the row without the loop, for every string in it that may be the turn's text."""
    start, end = cut.span(text)
    for found in LITERAL.finditer(data):
        written = found.group()[1:-1].decode("utf-8")
        try:
            said = json.loads(f'"{written}"', strict=False)
        except ValueError:
            continue
        shift = said.find(text)
        while shift >= 0:
            pieces = PIECE.findall(written)
            kept = "".join(pieces[: shift + start] + pieces[shift + end :])
            yield data[: found.start() + 1] + kept.encode("utf-8") + data[found.end() - 1 :]
            shift = said.find(text, shift + 1)
