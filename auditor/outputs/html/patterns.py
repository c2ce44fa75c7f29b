"""The pages of templates, phrases, prompts and structure."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from auditor.kernels.flat import Ints
from auditor.outputs.html.chosen import Cap
from auditor.outputs.html.facts import Facts
from auditor.outputs.html.shards import snippet
from auditor.outputs.html.texts import Texts
from auditor.sample import Turn

SHOWN, TOLD, CHARS = 100, 40, 600
"""Items of one list, prompts whose answers are shown, and characters of a text."""

SIDES = 6
"""Answers of a prompt, or prompts of an answer, that are shown."""

PLACES = ("opening", "closing", "inside")
"""Where phrases stand that many answers share."""

LEAKS = ("leak_prompt", "leak_answer", "leak_share", "leak_place")

_SLOT = re.compile("(⟦[0-9]+⟧)")


class Item(NamedTuple):
    """A group as a page lists it: its row of the table of groups, its share of all rows, and one place."""

    held: dict[str, Any]
    share: float
    file: str
    line: int
    pieces: Sequence[tuple[bool, str]] = ()
    slots: Sequence[dict[str, Any]] = ()


class Case(NamedTuple):
    """A prompt with its answers, or an answer with its prompts; ``others`` are (text, rows)."""

    item: Item
    text: str
    others: Sequence[tuple[str, int]]
    variety: int


class Leak(NamedTuple):
    """A row that shares text with held-out data: whether its prompt and answer do as a whole, how much, and where."""

    file: str
    line: int
    prompt: float
    answer: float
    share: float
    place: str


class Patterns:
    """Chooses the largest groups of each kind, and shows them once their texts are read."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.groups = facts.run.groups.to_pylist()
        self.prompts, self.answers = self._varied("prompt", "answer"), self._varied("answer", "prompt")

    def rows(self) -> Ints:
        """Return the rows whose texts are shown."""
        held = [rows for _, rows, _ in (*self.prompts, *self.answers)]
        return np.concatenate([np.zeros(0, np.int64), *held])

    def _of(self, kind: str) -> list[int]:
        """Return the groups of a kind, the largest first."""
        found = np.flatnonzero(self.facts.kind == kind).tolist()
        return sorted(found, key=lambda k: (-self.groups[k]["size"], self.groups[k]["group"]))

    def _item(self, k: int) -> Item:
        held = self.groups[k]
        samples = self.facts.run.samples
        row = held["keeper_row"]
        pieces = [(bool(_SLOT.fullmatch(part)), part) for part in _SLOT.split(held["text"] or "") if part]
        share = held["size"] / max(1, self.facts.rows)
        return Item(held, share, samples["file"][row].as_py(), samples["line"][row].as_py(), pieces)

    def _listed(self, kind: str) -> tuple[list[Item], Cap]:
        """Return the largest groups of a kind, and what that leaves out."""
        found = self._of(kind)
        sizes = [self.groups[k]["size"] for k in found]
        cap = Cap(min(SHOWN, len(found)), len(found), sum(sizes[:SHOWN]) / (sum(sizes) or 1))
        return [self._item(k) for k in found[:SHOWN]], cap

    @cached_property
    def _slots(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for slot in self.facts.run.slots.to_pylist():
            found.setdefault(slot["group"], []).append(slot)
        return found

    def _varied(self, kind: str, other: str) -> list[tuple[int, Ints, list[int]]]:
        """Return groups with more than one answer (or prompt): their number, one row for each, and its copies."""
        names = self.facts.run.samples[f"{other}_group"]
        found = []
        for k in self._of(kind):
            rows = self.facts.member[self.facts.bounds[k] : self.facts.bounds[k + 1]]
            keys = [name or f"row {row}" for name, row in zip(names.take(rows).to_pylist(), rows.tolist(), strict=True)]
            _, first, counts = np.unique(keys, return_index=True, return_counts=True)
            if len(first) > 1:
                order = np.lexsort((first, -counts))
                found.append((k, rows[first[order]], counts[order].tolist()))
            if len(found) == TOLD:
                break
        return found

    def build(self, texts: Texts) -> dict[str, dict[str, Any]]:
        """Return what every template needs."""
        about = self.facts.run.summary["concentration"]
        common = {"scripts": {}, "root": self.facts.root, "about": about, "lost": texts.lost}
        kinds = ("template", "prompt_template", *PLACES, "structure", "dialogue")
        listed = {kind: self._listed(kind) for kind in kinds}
        templates = {
            kind: ([item._replace(slots=self._slots.get(item.held["group"], ())) for item in held], cap)
            for kind, (held, cap) in listed.items()
            if kind in {"template", "prompt_template"}
        }
        return {
            "templates": {**common, "views": templates},
            "phrases": {**common, "views": {k: listed[k] for k in PLACES}, "stock": self._stock()},
            "prompts": {
                **common,
                "cases": self._cases(texts),
                "dialogues": listed["dialogue"],
                "leaks": self._leaks(),
            },
            "structure": {**common, "families": listed["structure"][0], "cap": listed["structure"][1]},
        }

    def _leaks(self) -> tuple[list[Leak], Cap]:
        """Return the rows that share most with held-out data, and what that leaves out."""
        samples = self.facts.run.samples
        if LEAKS[-1] not in samples.column_names:
            return [], Cap(0, 0, 1.0)
        held = np.flatnonzero(samples[LEAKS[-1]].is_valid().to_numpy())
        prompt, answer, share = (samples[name].to_numpy()[held] for name in LEAKS[:3])
        order = np.lexsort((held, -share, -answer, -prompt))
        rows = samples.select(["file", "line", *LEAKS]).take(held[order[:SHOWN]]).to_pylist()
        cap = Cap(len(rows), len(held), len(rows) / max(1, len(held)))
        return [Leak(row["file"], row["line"], *(row[name] for name in LEAKS)) for row in rows], cap

    def _stock(self) -> list[tuple[Item, dict[str, Any]]]:
        about = {row["group"]: row for row in self.facts.run.phrases.to_pylist()}
        return [(item, about[item.held["group"]]) for item in self._listed("stock")[0]]

    def _cases(self, texts: Texts) -> dict[str, list[Case]]:
        return {
            kind: [
                Case(
                    self._item(k), _said(texts.of(int(rows[0])), trained=kind == "answer"),
                    [(_said(texts.of(row), trained=kind == "prompt"), count)
                     for row, count in zip(rows[:SIDES].tolist(), counts, strict=False)],
                    len(rows),
                )
                for k, rows, counts in held
            ]
            for kind, held in (("prompt", self.prompts), ("answer", self.answers))
        }  # fmt: skip


def _said(turns: Sequence[Turn], *, trained: bool) -> str:
    """Return what one side said, in short."""
    return snippet("\n".join(turn.text for turn in turns if turn.trained == trained), CHARS)
