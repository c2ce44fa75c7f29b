"""Where the ways of other tools to count repetition disagree, on these rows."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from auditor.audit import Audit
from auditor.judge import passes
from auditor.outputs.plain import shown
from auditor.words import say

if TYPE_CHECKING:
    from rich.console import RenderableType

TOOLS = {"G1": "datatrove", "G2": "RedPajama-v2", "G3": "Dolma", "G4": "NeMo Curator"}
"""Whose measures the rules of a prefix are."""

EXAMPLES = 3
"""Rows named of each set of tools that agree."""


def packs(audit: Audit) -> dict[str, Any] | None:
    """Count the rows that each tool calls repetitive, and those that each set of tools does; the first rows of each.

    Nothing unless the profile holds the rules of two tools.
    """
    hits: dict[str, NDArray[np.bool_]] = {}
    for rule in audit.profile.rules:
        tool = TOOLS.get(rule.code[:2])
        if tool and rule.target in audit.corpus.samples.column_names:
            hits[tool] = hits.get(tool, np.zeros(audit.corpus.rows, np.bool_)) | passes(rule, audit.corpus.samples)
    if len(hits) < 2:
        return None
    names = list(hits)
    sets = sum((hit.astype(np.int64) << at for at, hit in enumerate(hits.values())), np.zeros(audit.corpus.rows, int))
    listed: list[dict[str, Any]] = [
        {
            "tools": [name for at, name in enumerate(names) if number >> at & 1],
            "rows": int((sets == number).sum()),
            "examples": [_place(audit, row) for row in np.flatnonzero(sets == number)[:EXAMPLES].tolist()],
        }
        for number in np.unique(sets).tolist()
    ]
    listed.sort(key=lambda item: (-item["rows"], item["tools"]))
    return {"tools": {name: int(hit.sum()) for name, hit in hits.items()}, "sets": listed}


def _place(audit: Audit, row: int) -> dict[str, Any]:
    corpus = audit.corpus
    return {"file": corpus.sources[int(corpus.source[row])].name, "line": int(corpus.lines[row]), "row": row}


def told(found: dict[str, Any], rows: int) -> "RenderableType":
    """Return a line for each set of tools that agree, with the first row of each."""
    from rich.table import Table  # noqa: PLC0415  (only what is printed needs it)
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 3, 0, 0))
    for name, hits in found["tools"].items():
        table.add_column(f"{name} {hits:,}", justify="center", no_wrap=True)
    table.add_column(say("of {count} rows", count=f"{rows:,}"), justify="right")
    table.add_column(say("for instance"))
    for item in found["sets"]:
        marks = [Text("●", "yellow") if name in item["tools"] else Text("·", "dim") for name in found["tools"]]
        first = item["examples"][0]
        place = Text(shown(f"{first['file'].rpartition('/')[2]}:{first['line']}"), overflow="ellipsis", no_wrap=True)
        table.add_row(*marks, f"{item['rows']:,}", place)
    return table
