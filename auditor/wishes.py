"""What a plan is asked for beyond its rules: whom to keep, how large, and when to warn."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from auditor.errors import UsageError

PREFERENCES = ("sound", "answer", "metadata", "source", "id")
"""Whom to keep of rows that are alike: without a degenerate loop, with the longest answer, with most other fields, from
the source that stands first, with the first content id. Rows equal in all of these: by content, then by place.
"""


@dataclass(frozen=True)
class Wishes:
    """What the plan is asked for; 0 asks for nothing.

    ``prefer`` lists PREFERENCES, the most important first; ``sources`` names files (or ends of their names), the
    preferred first. ``trim_loops`` keeps the first so many repeats of a loop instead of dropping its row. The alarm
    rises where a file would lose more than that share of its rows or trained tokens.
    """

    prefer: tuple[str, ...] = ("sound", "answer")
    sources: tuple[str, ...] = ()
    trim_loops: int = 0
    target_rows: int = 0
    target_tokens: int = 0
    alarm: float = 0.5


def wishes(held: Mapping[str, Any], base: Wishes = Wishes()) -> Wishes:
    """Return wishes with some changed; raises UsageError for what cannot be wished for.

    >>> wishes({"prefer": ["source"], "sources": ["hand.jsonl"]}).prefer
    ('source',)
    """
    found = {**asdict(base), **held}
    prefer = tuple(found["prefer"])
    odd = next((name for name in prefer if name not in PREFERENCES), None)
    if odd is not None:
        raise UsageError(
            "rows cannot be preferred by {name}", hint="known are {known}", name=odd, known=", ".join(PREFERENCES)
        )
    if found["sources"] and "source" not in prefer:
        prefer = ("source", *prefer)
    if not 0 <= found["alarm"] <= 1:
        raise UsageError("the alarm is a share between 0 and 1, not {value}", value=found["alarm"])
    return Wishes(**{**found, "prefer": prefer, "sources": tuple(found["sources"])})
