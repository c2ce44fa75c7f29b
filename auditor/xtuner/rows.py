"""Rows of one file as XTuner's readers would see them, with what is odd about each line."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from auditor.chunks import chunks
from auditor.parse import DEPTH_LIMIT, BadLineError, careful, quick
from auditor.source import Source, pieces

WHOLE = 64 << 20
"""Bytes up to which a file is tried as values written over many lines."""


class Row(NamedTuple):
    """One row, or one line that is none: ``bad`` names its fault and ``detail`` says more."""

    line: int
    value: Any
    odd: tuple[str, ...]
    raw: bytes
    bad: str = ""
    detail: str = ""


def rows(source: Source) -> Iterator[Row]:
    """Yield every row of a file; lines that hold several values give several rows."""
    if source.form == "lines" and (text := _sprawling(source)) is not None:
        yield from _values(text, 1)
        return
    for chunk in chunks(source):
        for fault in chunk.faults:
            yield Row(fault.line, None, (), b"", fault.kind, fault.message)
        if chunk.spans is None:
            continue
        places = zip(*(column.tolist() for column in chunk.spans), strict=True)
        for index, (start, end) in enumerate(places):
            line = chunk.line + index
            data = chunk.data[start:end]
            if not data.strip():
                yield Row(line, None, (), data, "blank")
            else:
                yield from _line(line, data)


def _line(line: int, data: bytes) -> Iterator[Row]:
    """Yield what one line holds."""
    if (value := _quickly(data)) is not None:
        yield Row(line, value, (), data)
        return
    try:
        value, odd = careful(data)
        yield Row(line, value, (*odd, *(("huge",) if _huge(value, data) else ())), data)
    except BadLineError as fault:
        several = list(_several(line, data)) if fault.kind == "json" else []
        yield from several or [Row(line, None, (), data, fault.kind, str(fault))]


def _quickly(data: bytes) -> Any:  # noqa: ANN401  (any JSON value)
    """Parse a line that has nothing odd about it; None where it must be looked at with care."""
    if b"\\u" in data or data.count(b"[") + data.count(b"{") > DEPTH_LIMIT:
        return None
    try:
        value = quick(data)
    except ValueError:
        return None
    return value if type(value) in (dict, list) and _once(value, data) else None


def _huge(value: Any, data: bytes) -> bool:  # noqa: ANN401  (any JSON value)
    """Whether a number is too large for a double, as 1e999 is."""
    if isinstance(value, dict | list):
        return any(_huge(inner, data) for inner in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, float) and value in (float("inf"), float("-inf")) and b"Infinity" not in data


def _once(value: Any, data: bytes) -> bool:  # noqa: ANN401  (any JSON value)
    """Whether no key of a row stands twice: then its keys, colons and all, are as many as the line has."""
    return _keys(value) >= data.count(b'":') + data.count(b'" :')


def _keys(value: Any) -> int:  # noqa: ANN401  (any JSON value)
    if isinstance(value, dict):
        return len(value) + sum(_keys(inner) for inner in value.values() if type(inner) in (dict, list))
    return sum(_keys(inner) for inner in value if type(inner) in (dict, list))


def _several(line: int, data: bytes) -> Iterator[Row]:
    """Yield the values of a line that holds several; none where any of them is broken."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return
    found = list(_values(text, line))
    if len(found) > 1 and not any(row.bad for row in found):
        yield from found


def _values(text: str, line: int) -> Iterator[Row]:
    """Yield JSON values written one after the other, wherever lines end."""
    decoder = json.JSONDecoder()
    at, counted = 0, 0
    while at < len(text):
        if text[at] in " \t\r\n":
            at += 1
            continue
        line += text.count("\n", counted, at)
        counted = at
        try:
            value, end = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError) as fault:
            yield Row(line, None, (), text[at:].encode("utf-8", "surrogatepass"), "json", str(fault))
            return
        yield Row(line, value, (), text[at:end].encode("utf-8", "surrogatepass"))
        at = end


def _sprawling(source: Source) -> str | None:
    """Return the text of a small file whose values are written over many lines; None for any other."""
    if source.size > WHOLE or source.compression:
        return None
    data = b"".join(pieces(source)).removeprefix(b"\xef\xbb\xbf")
    first = next((line for line in data.split(b"\n") if line.strip()), b"")
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        try:
            text = data.decode()
            found = list(_values(text, 1))
        except UnicodeDecodeError:
            return None
        return text if b"\n" in data.strip() and found and not any(row.bad for row in found) else None
    return None
