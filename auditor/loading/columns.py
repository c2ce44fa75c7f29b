"""The types that values of a file have, path by path, as a reader of columns must bring them together."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from auditor.dialects.shape import name_of

DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:?\d{2})?)?\Z")
"""What Arrow's reader takes for a date where a whole column looks like it."""

MOST = 4096
"""Shapes of objects remembered; a file with more is looked at value by value."""


class Clash(NamedTuple):
    """A path whose values have more than one type: where the second was met."""

    path: str
    line: int
    first: str
    second: str


class Columns:
    """Types seen at each path, and the keys of top-level rows."""

    def __init__(self) -> None:
        self.types: dict[str, dict[str, int]] = {}
        self.keys: dict[str, set[str]] = {}
        self.dates: set[str] = set()  # paths whose texts were all dates so far
        self.words: set[str] = set()  # paths with a text that is none
        self._seen: set[tuple[Any, ...]] = set()

    def add(self, row: Any, line: int) -> None:  # noqa: ANN401  (any JSON value)
        """Note the types of a row."""
        self._walk("", row, line, 0)

    def _walk(self, path: str, value: Any, line: int, depth: int) -> None:  # noqa: ANN401
        if isinstance(value, dict) and depth < 24:
            shape = (path, *value, *map(type, value.values()))
            flat = not any(type(inner) in (dict, list) for inner in value.values())
            dated = any(type(inner) is str and inner[:2].isdigit() for inner in value.values())
            if shape in self._seen and flat and not (dated or self.dates - self.words):
                return
            if len(self._seen) < MOST:
                self._seen.add(shape)
            self._note(path, "an object", line)
            self.keys.setdefault(path, set()).update(value)
            for key, inner in value.items():
                self._walk(f"{path}/{key}", inner, line, depth + 1)
        elif isinstance(value, list) and depth < 24:
            self._note(path, "a list", line)
            for inner in value:
                self._walk(f"{path}/*", inner, line, depth + 1)
        else:
            self._note(path, name_of(value), line)
            if isinstance(value, str) and path not in self.words:
                (self.dates.add if DATE.match(value) else self.words.add)(path)

    def _note(self, path: str, kind: str, line: int) -> None:
        self.types.setdefault(path, {}).setdefault(kind, line)

    def clashes(self) -> Iterator[Clash]:
        """Yield the paths that hold more than one type, null aside."""
        for path, kinds in self.types.items():
            held = [(line, kind) for kind, line in kinds.items() if kind != "null"]
            if len(held) > 1:
                (_, first), (line, second) = sorted(held)[:2]
                yield Clash(path, line, first, second)

    def all_dates(self) -> Iterator[str]:
        """Yield the paths whose texts all look like dates."""
        yield from sorted(path for path in self.dates - self.words if set(self.types[path]) <= {"text", "null"})
