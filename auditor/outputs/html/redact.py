"""Texts that a report must not give away: masked letter by letter or hashed word by word; marks stay where they are."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import xxhash

from auditor import text as model
from auditor.outputs.html.shown import visible

WAYS = ("mask", "hash")
"""Mask: all letters look alike. Hash: equal words look alike, so that repetition can still be seen, and guessed at."""

_WORD = re.compile(r"(⟦\d+⟧|[\ufdde]\d+)|[^\W_]+")
_CHARS = "bcdfghjklmnpqrstvwxz"

_way: ContextVar[str] = ContextVar("way", default="")


@contextmanager
def redacted(way: str) -> Iterator[None]:
    """Redact what is said within, in one of the ways; an empty one shows everything."""
    token = _way.set(way)
    try:
        yield
    finally:
        _way.reset(token)


def said(text: str) -> str:
    """Return text from the data as the report shows it: what is invisible drawn, what is secret redacted.

    >>> with redacted("mask"):
    ...     said("Call 555, ⟦1⟧ 张三!")
    'Xxxx 000, ⟦1⟧ 〇〇!'
    >>> said("Call 555")
    'Call 555'
    """
    way = _way.get()
    return visible(_WORD.sub(_HIDERS[way], model.analysed(text)) if way else text)


def redacting() -> str:
    """Return the way in which texts are redacted; empty for not at all."""
    return _way.get()


def _masked(match: re.Match[str]) -> str:
    return match.group() if match.group(1) else "".join(map(_mask, match.group()))


def _mask(char: str) -> str:
    if model.kind(char) == model.SOLO:
        return "〇"
    return "0" if char.isdigit() else "X" if char.isupper() else "x"


def _hashed(match: re.Match[str]) -> str:
    """Write other letters for a word: always the same for the same word, one for each of a script without spaces."""
    if match.group(1):
        return match.group()
    found = []
    for group in re.findall(f"[{_SOLO}]|[^{_SOLO}]+", match.group()):
        value = xxhash.xxh3_64_intdigest(model.normalise(group).encode())
        found.append(chr(0x2800 + value % 255 + 1) if re.match(f"[{_SOLO}]", group) else _spelled(value))
    return "".join(found)


def _spelled(value: int) -> str:
    return "".join(_CHARS[value // 20**place % 20] for place in range(5))


_SOLO = "".join(f"{chr(low)}-{chr(high)}" for low, high in model.SOLO_RANGES)
_HIDERS: dict[str, Callable[[re.Match[str]], str]] = {"mask": _masked, "hash": _hashed}
