"""Print what outputs made: tables and texts to standard output, warnings to standard error."""

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

WIDTH = 100
"""Columns where the terminal does not say, as in a pipe."""


def console(*, error: bool = False) -> "Console":
    """Return a console that never reads markup in what it prints."""
    from rich.console import Console  # noqa: PLC0415  (heavy; only a command that prints needs it)

    stream = sys.stderr if error else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDTH
    return Console(file=stream, markup=False, highlight=False, emoji=False, width=width, soft_wrap=not stream.isatty())


def tell(*parts: "RenderableType") -> None:
    """Print to standard output."""
    console().print(*parts)


def warn(parts: "Iterable[RenderableType]") -> None:
    """Print to standard error."""
    out = console(error=True)
    for part in parts:
        out.print(part, soft_wrap=True)
