"""Lines and array elements in raw JSON bytes."""

from auditor.kernels.flat import Bytes, Ints

BLANK, SUSPECT = 1, 2
QUOTE, BACKSLASH, COMMA = b'"\\,'
OPEN, CLOSE = b"[{", b"]}"


def _mark(line: bytes) -> int:
    """Mark one line: what is not blank is suspect, so that the careful parser reads it all."""
    return SUSPECT if line.strip(b" \t\r\n") else BLANK


def count(data: Bytes) -> int:
    """Count the line feeds in ``data``."""
    return data.tobytes().count(b"\n")


def lines(data: Bytes, starts: Ints, ends: Ints) -> int:
    """Find the lines of ``data``; returns how many."""
    at = 0
    pieces = data.tobytes().split(b"\n")
    if not pieces[-1]:
        pieces.pop()
    for n, piece in enumerate(pieces):
        line = piece.removesuffix(b"\r")
        starts[n], ends[n] = at, at + len(line)
        at += len(piece) + 1
    return len(pieces)


def mark(data: Bytes, starts: Ints, ends: Ints, marks: Bytes) -> None:
    """Mark given spans of ``data`` as blank or suspect."""
    raw = data.tobytes()
    for i, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        marks[i] = _mark(raw[start:end])


def borders(data: Bytes, state: Ints, out: Ints) -> int:
    """Find where a top-level array opens, its elements end, and it closes; ``state`` carries over between pieces."""
    depth, string, escaped = state.tolist()
    n = 0
    for place, char in enumerate(data.tobytes()):
        if string:
            string = escaped or char != QUOTE
            escaped = not escaped and char == BACKSLASH
            continue
        string = char == QUOTE
        if (char in OPEN and depth == 0) or (char in CLOSE and depth == 1) or (char == COMMA and depth == 1):
            out[n] = place
            n += 1
        depth += (char in OPEN) - (char in CLOSE and depth > 0)
    state[:] = depth, string, escaped
    return n
