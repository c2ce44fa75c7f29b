"""Evidence as scripts: a page opened from disk may load scripts, and nothing else."""

import base64
import gzip
import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson

from auditor.evidence import Piece
from auditor.outputs.html.redact import said

ROOM = 384 * 1024
"""Bytes of JSON in one shard of a family: about a screenful of items, decoded in a few milliseconds."""

LEVEL = 4
"""How hard shards are packed: a harder level takes twice as long for a few percent."""


def shard(name: str, held: object) -> str:
    """Pack data into a call that a classic script can hold: base64 has no character that ends a script or a string."""
    return _called(name, _json(held))


def _json(held: object) -> bytes:
    try:
        return orjson.dumps(held)
    except TypeError:  # a lone surrogate, which only Python's own writer takes
        return json.dumps(held, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")


def _called(name: str, text: bytes) -> str:
    packed = gzip.compress(text, LEVEL, mtime=0)
    return f'shard("{name}","{base64.b64encode(packed).decode()}")\n'


class Family:
    """Items of one page in shards of similar size, as long as a budget lasts; an item is found again by its place."""

    def __init__(self, name: str, budget: int) -> None:
        self.name, self.budget = name, budget
        self.scripts: dict[str, str] = {}
        self._held: list[bytes] = []
        self._size = 0

    def add(self, item: Mapping[str, Any]) -> tuple[int, int] | None:
        """Take an item in: its shard and its place there, or None where the budget is spent."""
        if self.budget <= 0:
            return None
        text = _json(item)
        place = (len(self.scripts), len(self._held))
        self._held.append(text)
        self._size += len(text)
        if self._size >= ROOM:
            self._pack()
        return place

    def _pack(self) -> None:
        name = f"{self.name}-{len(self.scripts):03d}"
        self.scripts[name] = _called(name, b"[%b]" % b",".join(self._held))
        self.budget -= len(self.scripts[name])
        self._held, self._size = [], 0

    def close(self, index: Mapping[str, Any]) -> dict[str, str]:
        """Return every script by name, the index under the family's own."""
        if self._held:
            self._pack()
        return {self.name: shard(self.name, index), **self.scripts}


def packed(pieces: Iterable[Piece]) -> list[list[Any]]:
    """Make pieces visible, join those of one kind, and leave out what they do not need."""
    found = []
    for (kind, times, chars), run in groupby(pieces, key=itemgetter(0, 2, 3)):
        text = said("".join([piece.text for piece in run]))
        found.append([kind, text, times, chars] if times or chars else [kind, text])
    return found


def snippet(text: str, size: int = 90) -> str:
    """Return how a text begins, on one line."""
    return said(" ".join(text[: 4 * size].split())[:size])
