"""The page of loops, and of answers that echo, repeat an earlier turn or invent the next one."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.evidence import PLAIN, Piece, Pieces
from auditor.evidence.loop import loop, marked
from auditor.kernels.flat import Ints
from auditor.outputs import charts
from auditor.outputs.html.chosen import Cap, chosen
from auditor.outputs.html.facts import SIGNALS, Facts, met
from auditor.outputs.html.redact import said
from auditor.outputs.html.shards import Family, packed, snippet
from auditor.outputs.html.shown import fitted
from auditor.outputs.html.texts import Texts
from auditor.rule import Kind
from auditor.sample import Turn
from auditor.signals.loops import Loop, loops
from auditor.signals.shape import MARKERS
from auditor.text import normalise

CASES, CHARS, ASIDE = 500, 4000, 600
"""What is shown at most: cases, characters of the turn in question, characters of the other turns together."""

READ = 32_000_000
"""Characters that are read again for this page."""

BUDGET = 5 * 1024 * 1024
"""Bytes of this page's scripts."""

SEVERITIES = ("high", "medium", "low")


class Loops:
    """Chooses findings, then packs them once their texts are read."""

    name = "loops"

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        picked = self._picked()
        self.shown = picked[np.cumsum(facts.chars[self.row[picked]]) <= READ]

    @cached_property
    def kinds(self) -> dict[str, str]:
        """What each rule of this page looks for."""
        held = self.facts.rules.values()
        signals = {rule.code: SIGNALS[rule.target] for rule in held if rule.target in SIGNALS}
        return signals | {rule.code: "loop" for rule in held if rule.kind is Kind.LOOP}

    @cached_property
    def table(self) -> Any:  # noqa: ANN401  (pyarrow has no types)
        """The findings of this page's rules."""
        return met(self.facts.run, self.kinds)

    @cached_property
    def row(self) -> Ints:
        """The row of each finding."""
        return np.asarray(self.table["row"].to_numpy(), np.int64)

    @cached_property
    def severity(self) -> Ints:
        """How bad each finding is: 0 is worst."""
        return np.array([SEVERITIES.index(name) for name in self.table["severity"].to_pylist()], np.int64)

    @cached_property
    def extent(self) -> Ints:
        """How many characters each loop takes up; the whole answer where no loop is meant."""
        places = [np.asarray(self.table[name].fill_null(0).to_numpy(), np.int64) for name in ("start", "end")]
        size = places[1] - places[0]
        return np.where(size > 0, size, self.facts.trained_chars[self.row])

    def _picked(self) -> Ints:
        """Choose findings: the longest of the worst severity first."""
        weight = self.extent + (len(SEVERITIES) - self.severity) * (1 << 40)
        unsure = np.where(self.facts.dropped[self.row], 0.0, 1.0)
        return chosen(weight, unsure, self.facts.order(self.row), CASES)

    def rows(self) -> Ints:
        """Return the rows whose texts are shown."""
        return self.row[self.shown]

    def build(self, texts: Texts) -> dict[str, Any]:
        """Return what the page's template needs, and its scripts."""
        family = Family(self.name, BUDGET)
        held = self.table.take(self.shown).to_pylist()
        same = self.facts.same(self.row[self.shown])
        listed = []
        for finding, at, rows in zip(held, self.shown.tolist(), same, strict=True):
            item, about = self._item(finding, texts)
            place = family.add(item)
            if place is None:
                break
            listed.append([*self._listed(finding, at, about, texts), *self._decided(rows), *place])
        whole = int(self.extent.sum())
        shown = int(self.extent[self.shown[: len(listed)]].sum())
        index = {**self.facts.files_told, "planned": self.facts.planned, "items": listed}
        return {
            "cap": Cap(len(listed), len(self.row), shown / whole if whole else 1.0),
            "lost": texts.lost,
            "scripts": family.close(index),
            "shown": frozenset(item[0] for item in listed),
            "kinds": self._counted(),
            "times": self._times(),
        }

    def _counted(self) -> dict[str, int]:
        """Count the findings of each rule."""
        codes, counts = np.unique(self.table["rule"].to_pylist() or np.zeros(0, np.str_), return_counts=True)
        return dict(zip(codes.tolist(), counts.tolist(), strict=True))

    def _times(self) -> list[tuple[str, int]]:
        """Count samples by how often their longest loop's unit stands, in classes that grow."""
        samples = self.facts.run.brief
        real = pc.is_in(samples["loop_kind"], pa.array(["exact", "numbered", "near"]))
        times = samples["loop_times"].filter(real).to_numpy()
        classes = charts.steps(int(times.max(initial=3)))
        return [
            (f"{low:,}" if low == high else f"{low:,}–{high:,}", int(((times >= low) & (times <= high)).sum()))
            for low, high in classes
        ]

    def _listed(self, finding: dict[str, Any], at: int, about: dict[str, Any], texts: Texts) -> list[Any]:
        """Return a finding's line in the queue."""
        row = finding["row"]
        turns = texts.of(row)
        asked = next((turn.text for turn in turns if not turn.trained), "")
        return [
            finding["id"],
            finding["rule"],
            about["kind"],
            int(self.severity[at]),
            about.get("times", 0),
            int(self.extent[at]),
            [int(self.facts.file[row])],
            self.facts.place(row),
            about["unit"][:90] if about.get("unit") else snippet(asked),
            self.facts.run.brief["action"][row].as_py(),
        ]

    def _decided(self, rows: Ints) -> list[Any]:
        """Return what a decision names a sample by, and what it is about."""
        return [self.facts.ids[rows[0]].decode(), self.facts.fates(rows)]

    def _item(self, finding: dict[str, Any], texts: Texts) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return all that is shown of a finding, and what is known of its loop."""
        turns = texts.of(finding["row"])
        what = self.kinds[finding["rule"]]
        about: dict[str, Any] = {"kind": what}
        if not turns:
            return {**about, "note": said(finding["note"] or "")}, about
        if what == "loop":
            about, pieces, at = _looped(turns, finding)
        elif what == "marker":
            pieces, at = _invented(turns, finding)
        else:
            pieces, at = _equal(turns, trained=what == "again")
        share = round(float(finding["score"] or 0), 4)
        return {**about, "share": share, "turn": at, "text": _laid(turns, pieces, at)}, about


def _looped(turns: Sequence[Turn], finding: dict[str, Any]) -> tuple[dict[str, Any], list[Pieces], int]:
    """Find the loop again, by the same means, and show its copies."""
    at = finding["turn"]
    text = turns[at].text
    found = next((each for each in loops(text) if each.start == finding["start"]), None)
    if found is None:
        kind = finding["note"].split(",")[0]
        return {"kind": kind}, _around(turns, at, marked(text, finding["start"], finding["end"])), at
    span = (found.start, found.end)
    shown = loop(text, found.kind.value, span, found.period, found.times)
    return _described(found, text), _around(turns, at, shown), at


def _described(found: Loop, text: str) -> dict[str, Any]:
    return {
        "kind": found.kind.value,
        "unit": said(found.unit[:400]),
        "times": found.times,
        "cut": found.cut,
        "track": [len(text), found.start, found.end],
    }


def _around(turns: Sequence[Turn], at: int, pieces: Pieces) -> list[Pieces]:
    """Put the pieces of one turn among the other turns."""
    return [pieces if index == at else [Piece(PLAIN, turn.text)] for index, turn in enumerate(turns)]


def _invented(turns: Sequence[Turn], finding: dict[str, Any]) -> tuple[list[Pieces], int]:
    """Mark where an answer opens a new turn."""
    at, start = finding["turn"], finding["start"]
    text = turns[at].text
    known = (marker.decode() for marker in MARKERS)
    size = max((len(marker) for marker in known if text.startswith(marker, start)), default=1)
    return _around(turns, at, marked(text, start, start + size)), at


def _equal(turns: Sequence[Turn], *, trained: bool) -> tuple[list[Pieces], int]:
    """Mark an answer that is the same as an earlier turn, and that turn."""
    folded = [normalise(turn.text) for turn in turns]
    for later, turn in enumerate(turns):
        same = [at for at in range(later) if folded[at] == folded[later] and turns[at].trained == trained]
        if turn.trained and same:
            names = {same[0]: "1", later: "2"}
            return [[Piece(names.get(at, PLAIN), turn.text)] for at, turn in enumerate(turns)], later
    return [[Piece(PLAIN, turn.text)] for turn in turns], len(turns) - 1


def _laid(turns: Sequence[Turn], pieces: Sequence[Pieces], at: int) -> list[list[Any]]:
    """Lay turns out: the one in question in full as far as a page can show it, the others in short."""
    room = max(120, ASIDE // max(1, len(turns) - 1))
    return [
        [turn.role.label, int(turn.trained), packed(fitted([held], CHARS if index == at else room)[0])]
        for index, (turn, held) in enumerate(zip(turns, pieces, strict=True))
    ]
