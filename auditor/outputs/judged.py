"""What a new judgement says: as JSON, and to a reader at the terminal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from rich.console import Group, RenderableType
from rich.text import Text

from auditor.audit import Audit
from auditor.outputs import terminal, whatif
from auditor.outputs.layout import grid, indented
from auditor.outputs.plain import shown as legible
from auditor.outputs.run import Run
from auditor.outputs.summary import summary
from auditor.outputs.tables import rules_of
from auditor.words import say


def told(run: Run, audit: Audit) -> dict[str, Any]:
    """Return the summary of a new judgement, what it changes, what other thresholds would do, and border cases."""
    found = summary(audit, rules_of(audit))
    return {
        **found,
        "moved": moved(run, audit),
        "thresholds": whatif.thresholds(audit),
        "border": whatif.border(audit),
    }


def moved(run: Run, audit: Audit) -> dict[str, int]:
    """Count the rows whose fate differs from the run's own plan."""
    before = pc.equal(run.plan["action"], "drop").to_numpy()
    after = audit.plan.dropped
    return {"dropped_now": int((after & ~before).sum()), "kept_now": int((before & ~after).sum())}


def shown(told: Mapping[str, Any], audit: Audit, out: Path | None) -> RenderableType:
    """Return the judgement as a person reads it."""
    parts = [*terminal.judgement(told, audit.profile), Text()]
    if told["thresholds"]:
        parts += [indented(_thresholds(told["thresholds"])), Text()]
    if told["border"]:
        parts += [indented(_border(told["border"])), Text()]
    return Group(*parts, indented(_end(told, out)), Text())


def _thresholds(held: list[dict[str, Any]]) -> RenderableType:
    table = grid("threshold", "near duplicates dropped", "trained tokens", "dropped in all", "tokens in all")
    for step in held:
        mark = " ←" if step["own"] else ""
        counts = (terminal.number(step[name]) for name in ("rows", "trained_tokens", "dropped", "dropped_tokens"))
        table.add_row(f"{step['threshold']:g}{mark}", *counts, style="bold" if step["own"] else "")
    return table


def _border(held: list[dict[str, Any]]) -> RenderableType:
    table = grid("closest to the threshold", "similarity", "")
    for pair in held:
        fate = say("dropped") if pair["dropped"] else say("both stay")
        places = Text(" · ".join(legible(place) for place in pair["places"]), overflow="fold")
        table.add_row(places, f"{pair['similarity']:.4f}", fate)
    return table


def _end(told: Mapping[str, Any], out: Path | None) -> Text:
    totals = told["totals"]
    text = Text(terminal.balance(totals["read"], totals["kept"], totals["dropped"], totals["rejected"]))
    more, fewer = (terminal.number(told["moved"][name]) for name in ("dropped_now", "kept_now"))
    text.append(
        "\n" + say("against the run's own plan: {more} more rows go, {fewer} more stay", more=more, fewer=fewer)
    )
    if out is None:
        text.append("\n" + say("nothing was written (-o writes a run)"))
    else:
        text.append(f"\n{say('next')}     auditor clean {legible(str(out))}")
    return text
