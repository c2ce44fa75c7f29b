"""Streams of bytes cut into chunks of whole lines, or of whole elements of an array."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from auditor.errors import InputError
from auditor.faults import Fault
from auditor.kernels.jsonl import Borders, Spans, lines
from auditor.source import Source, pieces

LONGEST = 256 << 20
"""Bytes of one line or element; a longer one is set aside."""

BOM = b"\xef\xbb\xbf"


class Chunk(NamedTuple):
    """A piece of a source: its bytes and the spans of its rows, or (tables) its rows themselves.

    ``offset`` is where the data begins in the decompressed stream, ``line`` the number of its first row.
    """

    offset: int
    line: int
    data: bytes
    spans: Spans | None
    rows: list[dict[str, Any]]
    faults: list[Fault]


def chunks(source: Source, longest: int = LONGEST) -> Iterator[Chunk]:
    """Yield a source piece by piece, in order; a stream cut short ends with a fault."""
    cut = _Lines(longest) if source.form == "lines" else _Array(longest)
    stream = pieces(source)
    try:
        for piece in stream:
            yield from cut.feed(piece)
    except InputError as fault:
        yield from cut.end(Fault(0, 0, 0, "truncated", str(fault)))
        return
    yield from cut.end(None)


class _Lines:
    """Cut at line feeds; the rest of a piece waits for the next."""

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self.held: list[bytes] = []
        self.offset = 0
        self.line = 1
        self.skipping = 0  # bytes already dropped of a line that is too long
        self.faults: list[Fault] = []

    def feed(self, piece: bytes) -> Iterator[Chunk]:
        """Take a piece; yield a chunk of whole lines if there is one."""
        if self.offset == 0 and not self.held and piece.startswith(BOM):
            self.faults.append(Fault(1, 0, 3, "bom", "the file begins with a byte order mark"))
            piece = piece[3:]
            self.offset = 3
        if self.skipping:
            end = piece.find(b"\n")
            if end < 0:
                self.skipping += len(piece)
                return
            self._skipped(self.skipping + end)
            piece = piece[end + 1 :]
        cut = piece.rfind(b"\n") + 1
        if cut:
            yield self._chunk(b"".join((*self.held, memoryview(piece)[:cut])))
            self.held.clear()
        self.held.append(piece[cut:])
        if (size := self._waiting()) > self.longest:
            self.skipping = size
            self.held.clear()

    def _waiting(self) -> int:
        """Return how many bytes wait for the end of their line."""
        return sum(map(len, self.held))

    def _skipped(self, size: int) -> None:
        self.faults.append(Fault(self.line, self.offset, size, "long", f"a line of {size} bytes"))
        self.offset += size + 1
        self.line += 1
        self.skipping = 0

    def _chunk(self, data: bytes) -> Chunk:
        found = lines(data)
        chunk = Chunk(self.offset, self.line, data, found, [], self.faults)
        self.offset += len(data)
        self.line += len(found.starts)
        self.faults = []
        return chunk

    def end(self, fault: Fault | None) -> Iterator[Chunk]:
        """Yield what is left; a cut line is a fault, not a row."""
        if self.skipping:
            self._skipped(self.skipping)
        data = b"" if fault else b"".join(self.held)
        if fault:
            self.faults.append(fault._replace(line=self.line, offset=self.offset, length=self._waiting()))
        if data or self.faults:
            yield self._chunk(data)


class _Array:
    """Cut an array at the commas between its elements; an element's line is its index + 1."""

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self.borders = Borders()
        self.held = b""
        self.offset = 0
        self.line = 1
        self.opened = self.finished = False
        self.faults: list[Fault] = []

    def feed(self, piece: bytes) -> Iterator[Chunk]:
        """Take a piece; yield a chunk of its whole elements if there are any."""
        places = self.borders.feed(piece) + len(self.held)
        data = self.held + piece
        if not len(places):
            self.held = data
            self._check(data)
            return
        first = int(places[0]) + 1 if not self.opened else 0
        starts, ends = [], []
        for place in places.tolist():
            if not self.opened:
                self._outside(data[:place].removeprefix(BOM))
                self.opened = True
                continue
            if self.finished:
                continue
            start, end = _stripped(data, first, place)
            self.finished = data[place] == ord("]")
            if start < end:
                starts.append(start)
                ends.append(end)
            elif not self.finished or (self.line + len(starts)) > 1:
                self._fault("json", first, 1, "an element of the array is missing")
            first = place + 1
        yield self._chunk(data, starts, ends)
        self.held = data[first:]
        self.offset += first
        if self.finished:
            self._outside(self.held)
            self.held = b""
        self._check(self.held)

    def _chunk(self, data: bytes, starts: list[int], ends: list[int]) -> Chunk:
        spans = Spans(np.array(starts, np.int64), np.array(ends, np.int64))
        chunk = Chunk(self.offset, self.line, data, spans, [], self.faults)
        self.line += len(starts)
        self.faults = []
        return chunk

    def _fault(self, kind: str, at: int, length: int, message: str) -> None:
        self.faults.append(Fault(self.line, self.offset + at, length, kind, message))

    def _outside(self, data: bytes) -> None:
        if data.strip():
            self._fault("json", 0, len(data), "text outside the array")

    def _check(self, held: bytes) -> None:
        if len(held) > self.longest:
            raise InputError(
                "element {index} of the array is longer than {limit} bytes", index=self.line, limit=self.longest
            )

    def end(self, fault: Fault | None) -> Iterator[Chunk]:
        """Report an array that does not close."""
        if fault:
            self.faults.append(fault._replace(line=self.line, offset=self.offset, length=len(self.held)))
        elif not self.finished:
            self._fault("truncated", 0, len(self.held), "the array is not closed; what stands before was read")
        if self.faults:
            yield self._chunk(b"", [], [])


def _stripped(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Shrink a span by the white space at its ends."""
    text = data[start:end]
    left = len(text) - len(text.lstrip())
    return start + left, start + left + len(text.strip())
