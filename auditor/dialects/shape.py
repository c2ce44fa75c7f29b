"""What every dialect shares: how a row is taken apart, and how a row that does not fit is refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.kernels.turns import Op
from auditor.sample import MEDIA, Role, Sample, Turn

PLAIN_HEAD = (("tools", Op.EMPTY), ("functions", Op.EMPTY), ("system", Op.SYSTEM))
"""What may stand beside a list of turns in a plain row."""

MEDIA_KEYS = frozenset({"image", "images", "video", "videos", "audio", "audios"})

Row = Any
"""A parsed line: a dict, or a bare list of messages."""

ROLES: Mapping[str, Role] = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "human": Role.USER,
    "assistant": Role.ASSISTANT,
    "gpt": Role.ASSISTANT,
    "chatgpt": Role.ASSISTANT,
    "bot": Role.ASSISTANT,
    "model": Role.ASSISTANT,
    "function_call": Role.ASSISTANT,
    "pretrain": Role.ASSISTANT,
    "tool": Role.TOOL,
    "function": Role.TOOL,
    "observation": Role.TOOL,
}


class ShapeError(Exception):
    """A row is of a known shape but holds the wrong thing at ``pointer`` (a JSON pointer)."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(f"{pointer}: {message}" if pointer else message)
        self.pointer = pointer


@dataclass(frozen=True)
class Dialect:
    """One shape of row: the keys that make it, and how its turns are read.

    ``accepts`` tells shapes with the same keys apart; ``keys`` empty means a bare list. ``plainly`` says, key by key
    in order, how a kernel reads rows that hold nothing unusual as ``read`` does; without it, all rows are unusual.
    """

    name: str
    keys: frozenset[str]
    read: Callable[[Row], Sample]
    accepts: Callable[[Row], bool] = lambda _row: True
    rank: int = 0
    plainly: Sequence[tuple[str, Op]] = ()


def text_of(value: object, pointer: str) -> str:
    """Return a field that must be a string."""
    if isinstance(value, str):
        return value
    raise ShapeError(pointer, f"expected text, found {name_of(value)}")


def list_of(value: object, pointer: str) -> list[Any]:
    """Return a field that must be a list."""
    if isinstance(value, list):
        return value
    raise ShapeError(pointer, f"expected a list, found {name_of(value)}")


def dict_of(value: object, pointer: str) -> dict[str, Any]:
    """Return a field that must be an object."""
    if isinstance(value, dict):
        return value
    raise ShapeError(pointer, f"expected an object, found {name_of(value)}")


def name_of(value: object) -> str:
    """Name a JSON type as its users do.

    >>> name_of(None), name_of(1.5), name_of([])
    ('null', 'a number', 'a list')
    """
    if value is None:
        return "null"
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)


def content_of(value: object, pointer: str, media: list[str]) -> str:
    """Return a message's content: a string, or a list of parts whose texts are joined by line ends.

    A part without text leaves a place mark, and its reference in ``media``.
    """
    if isinstance(value, str):
        return value
    pieces = []
    for index, part in enumerate(list_of(value, pointer)):
        if isinstance(part, str):
            pieces.append(part)
            continue
        entry = dict_of(part, f"{pointer}/{index}")
        text = entry.get("text", entry.get("value")) if entry.get("type", "text") == "text" else None
        if isinstance(text, str):
            pieces.append(text)
        else:
            pieces.append(MEDIA)
            media.append(reference_of(entry))
    return "\n".join(pieces)


def reference_of(part: object) -> str:
    """Return what names a non-text part: its URL or path if it has one, else all of it.

    >>> reference_of({"type": "image_url", "image_url": {"url": "a.jpg", "image_wh": [2, 2]}})
    'a.jpg'
    """
    if isinstance(part, dict):
        for value in part.values():
            if isinstance(value, dict) and isinstance(value.get("url"), str):
                return str(value["url"])
    return str(part)


def media_fields(row: dict[str, Any]) -> list[str]:
    """Return the images, videos and sounds that a row names beside its text."""
    found: list[str] = []
    if len(row) == 1 or MEDIA_KEYS.isdisjoint(row):
        return found
    for key in sorted(MEDIA_KEYS):
        value = row.get(key)
        if isinstance(value, list):
            found += [reference_of(item) for item in value]
        elif value is not None:
            found.append(reference_of(value))
    return found


def role_of(value: object, pointer: str) -> Role:
    """Return the role a name stands for."""
    role = ROLES.get(value) if isinstance(value, str) else None
    if role is None:
        raise ShapeError(pointer, f"unknown role {value!r}; known are {', '.join(ROLES)}")
    return role


def finished(turns: list[Turn], media: list[str]) -> Sample:
    """Return a sample of these turns and media."""
    return Sample(turns, "\n".join(media))
