"""Relations that are read off a corpus as a whole: templates, phrases, layouts, prompts and leaks.

Here is what they are; ``search`` finds them, and is imported only where a rule asks for any.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from auditor.kernels.flat import Ints

PHRASES = {"opening", "closing", "inside", "stock"}
"""What rules call phrases, by where they stand."""

POURED = {"template", "template_share"}
"""What rules look at that is found with the templates of answers."""

LEAKS = {"leak_prompt", "leak_answer", "leak_share"}

TARGETS = PHRASES | POURED | LEAKS | {"prompt_template", "structure", "dialogue", "alike", "opposed"}
"""What rules may ask for of all this."""


class Shown(NamedTuple):
    """A group as the run keeps it: name, kind, rows, the row that stands for it, and what all of them have.

    ``tokens`` are the trained tokens at stake; -1: those of all its rows but the one.
    """

    name: str
    kind: str
    rows: Ints
    model: int
    nearest: float = 1.0
    text: str = ""
    tokens: int = -1


class SlotRow(NamedTuple):
    """One slot of a template; fillers hold text, count, row, turn, start and end."""

    group: str
    slot: int
    rows: int
    distinct: int
    entropy: float
    fillers: Sequence[Mapping[str, Any]]


class PhraseRow(NamedTuple):
    """A stock phrase: its language and heading, how often it stands, and how often it opens or closes an answer."""

    group: str
    pack: str
    heading: str
    times: int
    opening: int
    closing: int


class Patterns(NamedTuple):
    """All that was found: groups, slots of templates, new columns of samples, stock phrases, and concentrations."""

    groups: Sequence[Shown] = ()
    slots: Sequence[SlotRow] = ()
    columns: Mapping[str, pa.Array] = {}
    stock: Sequence[PhraseRow] = ()
    concentration: Mapping[str, Mapping[str, float]] = {}
