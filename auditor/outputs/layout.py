"""How what a person reads is set out in the terminal."""

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table

from auditor.words import say


def indented(part: RenderableType) -> Padding:
    """Set a part a little in from the margin."""
    return Padding(part, (0, 2), expand=False)


def grid(*headings: str) -> Table:
    """Return a table without lines: the first column to the left, numbers to the right."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 3, 0, 0))
    for index, heading in enumerate(headings):
        table.add_column(say(heading) if heading else "", justify="right" if index else "left")
    return table
