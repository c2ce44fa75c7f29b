"""Parse one line of JSON as XTuner's own parser would, and say what is odd about it."""

import json
import re
from typing import Any

import orjson

DEPTH_LIMIT = 512
"""Brackets inside one another; XTuner's parser gives up near 1,000."""

_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)
_NULS = re.compile(rb"\A\x00+\Z")


class BadLineError(Exception):
    """A line is no JSON; ``kind`` names the fault, ``at`` the byte within the line."""

    def __init__(self, kind: str, message: str, at: int = 0) -> None:
        super().__init__(message)
        self.kind = kind
        self.at = at


def quick(line: bytes | memoryview) -> Any:  # noqa: ANN401  (any JSON value)
    """Parse a line that no kernel marked; raises ValueError on anything odd."""
    return orjson.loads(line)


def careful(line: bytes) -> tuple[Any, list[str]]:
    """Parse a line and list what is odd about it; the last of equal keys wins, numbers keep all digits.

    >>> careful(b'{"a": 1, "a": NaN}')
    ({'a': nan}, ['nonfinite', 'duplicate_key'])
    >>> careful(b'{"a": ')
    Traceback (most recent call last):
        ...
    auditor.parse.BadLineError: broken JSON at byte 6: expecting value
    """
    text = _decoded(line)
    if _depth(line) > DEPTH_LIMIT:
        raise BadLineError("deep", f"nested more than {DEPTH_LIMIT} deep")
    odd: dict[str, None] = {}
    try:
        row = json.loads(text, **_hooks(odd))
    except json.JSONDecodeError as fault:
        raise _broken(line, text, fault) from None
    except ValueError:
        raise BadLineError("number", "a number with more than 4,300 digits") from None
    except RecursionError:
        raise BadLineError("deep", "nested too deep for Python's parser") from None
    if _halves(line):
        odd["surrogate"] = None
    return row, list(odd)


def _hooks(odd: dict[str, None]) -> dict[str, Any]:
    """Return what the parser calls for objects and numbers, to note what is odd about them."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            odd["duplicate_key"] = None
        return found

    def constant(name: str) -> float:
        odd["nonfinite"] = None
        return float(name)

    def integer(digits: str) -> int:
        value = int(digits)
        if not -(2**63) <= value < 2**63:
            odd["big_number"] = None
        return value

    return {"object_pairs_hook": members, "parse_constant": constant, "parse_int": integer}


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise BadLineError("utf8", f"bytes that are no UTF-8 at byte {fault.start}", fault.start) from None


def _broken(line: bytes, text: str, fault: json.JSONDecodeError) -> BadLineError:
    at = len(text[: fault.pos].encode())
    if _NULS.match(line):
        return BadLineError("truncated", "nothing but NUL bytes: the file was cut while it was written")
    if b"\r" in line and b"\n" not in line and line.count(b"}\r"):
        return BadLineError("json", "lines end with a bare carriage return; XTuner splits at line feeds only", at)
    if fault.msg == "Extra data":
        return BadLineError("json", f"more than one JSON value on this line, the second at byte {at}", at)
    return BadLineError("json", f"broken JSON at byte {at}: {fault.msg[0].lower()}{fault.msg[1:]}", at)


def _depth(line: bytes) -> int:
    """Return how deep brackets stand inside one another; only lines with many are walked."""
    if line.count(b"[") + line.count(b"{") <= DEPTH_LIMIT:
        return 0
    depth = deepest = 0
    for match in _STRUCTURE.finditer(line):
        token = match.group()
        depth += (token in b"[{") - (token in b"]}")
        deepest = max(deepest, depth)
    return deepest


def _halves(line: bytes) -> bool:
    """Whether an escape names half a surrogate pair: what JSON allows and no encoding can carry."""
    at = line.find(b"\\")
    while at >= 0:
        if line[at + 1 : at + 2] == b"u" and 0xD800 <= _code(line, at) <= 0xDFFF:
            if _code(line, at) > 0xDBFF or not 0xDC00 <= _code(line, at + 6) <= 0xDFFF:
                return True
            at += 10
        at = line.find(b"\\", at + 2)
    return False


def _code(line: bytes, at: int) -> int:
    """Return the code unit of the escape at ``at``, or -1 if none stands there."""
    return int(line[at + 2 : at + 6], 16) if line[at : at + 2] == b"\\u" else -1
