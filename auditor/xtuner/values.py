"""What an expression of a configuration can be, when it is read and not run."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

LONGEST = 1 << 20
"""Characters, items or bits of one value; a configuration that asks for more is not evaluated further."""


class Span(NamedTuple):
    """Where an expression stands in its file: lines from 1, columns in UTF-8 bytes from 0."""

    line: int
    column: int
    end_line: int
    end_column: int


class Text(str):
    """A string that remembers where it was written; equal to the plain string in every other way."""

    __slots__ = ("file", "span")
    file: str
    span: Span

    @classmethod
    def at(cls, value: str, file: str, span: Span) -> "Text":
        """Return a string written at a place of a file."""
        made = cls(value)
        made.file, made.span = file, span
        return made


class Table(dict[str, Any]):
    """A ``dict(…)`` or ``{…}`` that remembers its line."""

    def __init__(self, items: Any = (), line: int = 0) -> None:  # noqa: ANN401  (whatever dict takes)
        super().__init__(items)
        self.line = line


@dataclass(frozen=True)
class Symbol:
    """Something imported: it is named, never loaded.

    >>> Symbol("xtuner.utils.PROMPT_TEMPLATE.qwen_chat").last
    'qwen_chat'
    """

    name: str

    @property
    def last(self) -> str:
        """The last part of its dotted name."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True)
class Built:
    """A call of something imported, such as ``DatasetConfig(anno_path=…)``: what is called, and with what."""

    symbol: Symbol
    positional: tuple[Any, ...]
    named: Table
    line: int

    def __contains__(self, key: object) -> bool:
        return key in self.named


@dataclass(frozen=True)
class Unknown:
    """A value that cannot be had without running the configuration: why, and on which line."""

    why: str
    line: int
    values: dict[str, str] = field(default_factory=dict, compare=False)


class TooBigError(Exception):
    """A configuration asks for a value or for steps past any honest size."""


def unknowns(value: Any, depth: int = 0) -> Iterator[Unknown]:  # noqa: ANN401  (any value)
    """Yield every unknown inside a value."""
    if isinstance(value, Unknown):
        yield value
    elif depth < 12:
        inner = (
            value.values()
            if isinstance(value, dict)
            else value
            if isinstance(value, list | tuple)
            else [*value.positional, *value.named.values()]
            if isinstance(value, Built)
            else ()
        )
        for item in inner:
            yield from unknowns(item, depth + 1)


def name_of(value: Any) -> str | None:  # noqa: ANN401  (any value)
    """Return the dotted name that a ``type=`` or ``map_fn=`` holds: a symbol, or in a dumped file its name as text.

    >>> name_of("xtuner.dataset.process_hf_dataset"), name_of(Symbol("datasets.load_dataset")), name_of(3)
    ('xtuner.dataset.process_hf_dataset', 'datasets.load_dataset', None)
    """
    if isinstance(value, Symbol):
        return value.name
    return str(value) if isinstance(value, str) else None


def last_of(value: Any) -> str | None:  # noqa: ANN401  (any value)
    """Return the last part of such a name.

    >>> last_of("xtuner.dataset.process_hf_dataset")
    'process_hf_dataset'
    """
    name = name_of(value)
    return name.rpartition(".")[2] if name else None
