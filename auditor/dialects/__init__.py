"""Recognise a row's shape and give its turns; refuse to guess.

One module for each family of formats, one ``Dialect`` for each shape in it.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from auditor.dialects import conversation, instruction, messages, preference, sharegpt
from auditor.dialects.shape import MEDIA_KEYS, Dialect, Row, ShapeError
from auditor.kernels.turns import Layout, Op
from auditor.sample import Sample

__all__ = ["ALL", "NAMES", "Dialect", "Dialects", "Row", "ShapeError", "UnknownShapeError"]

ALL: tuple[Dialect, ...] = (
    *preference.DIALECTS,
    *conversation.DIALECTS,
    *messages.DIALECTS,
    *sharegpt.DIALECTS,
    *instruction.DIALECTS,
    *instruction.TEXTS,
)


class UnknownShapeError(ShapeError):
    """No dialect, or more than one, fits a row."""


@lru_cache(maxsize=4096)
def candidates(keys: tuple[str, ...]) -> tuple[Dialect, ...]:
    """Return the dialects whose keys a row has, best first.

    Chat forms go before single questions, and those before plain text; of shapes of the same rank the one that
    explains more keys wins.
    """
    held = frozenset(keys)
    fitting = [dialect for dialect in ALL if dialect.keys and dialect.keys <= held]
    return tuple(sorted(fitting, key=lambda dialect: (-dialect.rank, -len(dialect.keys))))


def recognise(row: Row) -> Dialect:
    """Return the one dialect that fits a row.

    >>> recognise({"instruction": "Q", "input": "", "output": "A"}).name
    'alpaca'
    >>> recognise({"wat": 1})
    Traceback (most recent call last):
        ...
    auditor.dialects.UnknownShapeError: no known shape has the keys wat
    """
    if isinstance(row, list):
        return next(dialect for dialect in ALL if not dialect.keys)
    if not isinstance(row, dict):
        raise ShapeError("", "a line must be an object or a list of messages")
    found = candidates(tuple(row))
    if len(found) == 1 and found[0].accepts(row):
        return found[0]
    fitting = [dialect for dialect in found if dialect.accepts(row)]
    if not fitting:
        raise UnknownShapeError("", f"no known shape has the keys {_listed(row)}")
    best = fitting[0]
    rivals = [
        other
        for other in fitting
        if other.rank == best.rank and other.name != best.name and not other.keys <= best.keys | {"input"}
    ]
    if rivals:
        names = ", ".join(sorted({best.name, *(rival.name for rival in rivals)}))
        raise UnknownShapeError("", f"fits more than one shape ({names}): keys {_listed(row)}")
    return best


def _listed(row: dict[str, Any]) -> str:
    keys = [str(key) for key in row]
    return ", ".join(keys[:12]) + (", …" if len(keys) > 12 else "")


NAMES = tuple(dict.fromkeys(dialect.name for dialect in ALL))
"""The dialects' names; a layout gives the number of one."""


@lru_cache(maxsize=4096)
def plain_layout(keys: tuple[str, ...] | None) -> Layout | None:
    """Say how a kernel reads plain rows with these keys (None: a list) as their dialect does.

    All keys that decide between dialects must then hold text, other than the list of turns itself, and there must be
    no media.

    >>> number, steps = plain_layout(("id", "messages"))
    >>> NAMES[number], steps
    ('messages', [(1, <Op.MESSAGES: 6>)])
    """
    if keys is None:
        dialect = recognise([])
        return NAMES.index(dialect.name), [(-1, op) for _, op in dialect.plainly]
    try:
        dialect = recognise(dict.fromkeys(keys, "text"))
    except ShapeError:
        return None
    if not dialect.plainly:
        return None
    steps = {key: op for key, op in dialect.plainly if key in keys}
    deciding = {key for rival in candidates(keys) for key in rival.keys} - set(steps)
    media = MEDIA_KEYS.intersection(keys)
    checks = [*((key, Op.STRING) for key in sorted(deciding)), *((key, Op.EMPTY) for key in sorted(media))]
    return NAMES.index(dialect.name), [(keys.index(key), op) for key, op in (*checks, *steps.items())]


class Dialects:
    """Read rows, by recognition or, where the user names fields, by those alone.

    Where a configuration says in which dialect a file is read, that one takes every row that has its fields.
    ``needed`` names fields by dialect: a layout whose rows lack one has the number of its dialect's twin.

    >>> Dialects(wanted="text").read({"text": "### Human: Q### Assistant: A"})[0]
    'text'
    """

    def __init__(
        self,
        fields: Mapping[str, str] | None = None,
        wanted: str = "",
        needed: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        self.fixed = instruction.named(fields) if fields else None
        self.needed = needed or {}
        self.wanted = [dialect for dialect in ALL if dialect.name == wanted]

    def layout(self, keys: tuple[str, ...] | None) -> Layout | None:
        """Say how a kernel reads plain rows with these keys (None: a list); None where none of them is plain."""
        if self.fixed:
            return None
        found = plain_layout(keys)
        if found is None or (self.wanted and NAMES[found[0]] != self.wanted[0].name):
            return None
        number, steps = found
        lacking = self.needed.get(NAMES[number], frozenset()).difference(keys or ())
        return (number + len(NAMES), steps) if lacking else found

    def read(self, row: Row) -> tuple[str, Sample]:
        """Return the dialect's name and the sample of one parsed line; raises ShapeError."""
        dialect = self.fixed or self._prescribed(row) or recognise(row)
        return dialect.name, dialect.read(row)

    def name(self, row: Row) -> str:
        """Return the name of the dialect that a row is read in, whether or not it can be; empty where there is none."""
        try:
            return (self.fixed or self._prescribed(row) or recognise(row)).name
        except ShapeError:
            return ""

    def _prescribed(self, row: Row) -> Dialect | None:
        """Return the wanted dialect if a row has its fields."""
        if not isinstance(row, dict):
            return None
        return next((one for one in self.wanted if one.keys and one.keys <= row.keys() and one.accepts(row)), None)
