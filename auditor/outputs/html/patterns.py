"""The pages of templates, phrases, prompts and structure: groups that are no duplicates."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.kernels.flat import Ints
from auditor.outputs.html.chosen import Cap
from auditor.outputs.html.facts import Facts
from auditor.outputs.html.redact import said
from auditor.outputs.html.shards import Family, snippet
from auditor.outputs.html.shown import visible
from auditor.outputs.html.texts import Texts
from auditor.sample import Turn

VIEWS = {
    "templates": ("template", "prompt_template"),
    "phrases": ("opening", "closing", "inside", "stock"),
    "prompts": ("prompt", "opposed", "answer", "alike", "dialogue", "leak"),
    "structure": ("structure",),
}
"""The kinds of groups that each page shows."""

COUNTED = {"template": "templates", "opening": "openings", "closing": "closings", "structure": "layouts"}
"""What the summary calls the concentration of each kind."""

SHOWN, TOLD, SIDES, LINES = 100, 40, 6, 6
"""What is shown at most: groups of a kind, prompts with their answers, answers of one, and lines around a phrase."""

SKELETON, CHARS, AROUND, FILLER, PHRASE = 6000, 600, 60, 160, 400
"""Characters of a template, of an answer, on either side of a phrase, of what fills a slot, and of a phrase."""

_DIGITS = re.compile(r"\d+")

BUDGET = 1 * 1024 * 1024
"""Bytes of one page's scripts."""


class Group(NamedTuple):
    """A group that is shown: its row of the table of groups, its number there, and the rows whose texts are shown.

    ``copies`` says how many rows each of these stands for, ``variety`` how many different ones there are.
    """

    held: dict[str, Any]
    number: int
    rows: Ints
    copies: Sequence[int] = ()
    variety: int = 0


class Patterns:
    """Chooses the largest groups of each kind, and shows them once their texts are read."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.shown = {kind: self._shown(kind) for kind in chain(*VIEWS.values())}

    def rows(self) -> Ints:
        """Return the rows whose texts are shown."""
        held = [group.rows for groups in self.shown.values() for group in groups]
        return np.concatenate([np.zeros(0, np.int64), *held])

    @cached_property
    def _sizes(self) -> Ints:
        return np.asarray(self.facts.run.groups["size"].to_numpy(), np.int64)

    def _of(self, kind: str) -> Ints:
        """Return the groups of a kind, the largest first."""
        found = np.flatnonzero(self.facts.kind == kind)
        names = np.array(self.facts.run.groups["group"].take(pa.array(found, pa.int64())).to_pylist(), np.str_)
        return found[np.lexsort((names, -self._sizes[found]))] if len(found) else found

    def _shown(self, kind: str) -> list[Group]:
        numbers = self._of(kind)
        if kind in {"prompt", "answer"}:
            return self._varied(numbers, "answer" if kind == "prompt" else "prompt")
        numbers = numbers[:SHOWN]
        held = self.facts.run.groups.take(pa.array(numbers, pa.int64())).to_pylist()
        lines = 0 if kind == "dialogue" else LINES if kind in {*VIEWS["phrases"], "alike", "opposed"} else 2
        return [
            Group(about, number, self._spread(number, lines))
            for number, about in zip(numbers.tolist(), held, strict=True)
        ]

    def _spread(self, number: int, count: int) -> Ints:
        """Return some rows of a group, from all over it."""
        start, end = self.facts.bounds[number : number + 2].tolist()
        steps = max(1, count - 1)
        return self.facts.member[sorted({start + at * (end - start - 1) // steps for at in range(count)})]

    def _varied(self, numbers: Ints, other: str) -> list[Group]:
        """Return groups with more than one answer (or prompt): one row for each, the most frequent first."""
        codes = self.facts.run.brief[f"{other}_group"].combine_chunks().dictionary_encode().indices
        keys = np.asarray(pc.fill_null(codes, -1).to_numpy(), np.int64)
        found: list[Group] = []
        for number in numbers.tolist():
            start, end = self.facts.bounds[number : number + 2].tolist()
            rows = self.facts.member[start:end]
            own = np.where(keys[rows] >= 0, keys[rows], -rows - 1)
            if (own[0] == own).all() and own[0] >= 0:
                continue
            _, first, counts = np.unique(own, return_index=True, return_counts=True)
            if len(first) > 1:
                order = np.lexsort((first, -counts))[:SIDES]
                held = self.facts.run.groups.slice(number, 1).to_pylist()[0]
                found.append(Group(held, number, rows[first[order]], counts[order].tolist(), len(first)))
            if len(found) == TOLD:
                break
        return found

    def build(self, texts: Texts) -> dict[str, dict[str, Any]]:
        """Return what every page's template needs, and its scripts."""
        about = self.facts.run.summary["concentration"]
        told = {kind: about[name] for kind, name in COUNTED.items() if about.get(name, {}).get("number")}
        return {page: self._page(page, kinds, texts, told) for page, kinds in VIEWS.items()}

    def _page(self, page: str, kinds: Sequence[str], texts: Texts, told: Mapping[str, Any]) -> dict[str, Any]:
        family = Family(page, BUDGET)
        listed: list[list[Any]] = []
        shown = dict.fromkeys(kinds, 0)
        for kind in kinds:
            for group in self.shown[kind]:
                place = family.add(self._item(kind, group, texts))
                if place is not None:
                    shown[kind] += 1
                    listed.append([*self._listed(kind, group, texts), *place])
        return {
            "kinds": kinds,
            "shown": shown,
            "caps": [(kind, cap) for kind in kinds for cap in self._cap(kind, shown[kind])],
            "told": [(kind, told[kind]) for kind in kinds if kind in told],
            "lost": texts.lost,
            "scripts": family.close(
                {
                    **self.facts.files_told,
                    "rows": self.facts.rows,
                    "planned": self.facts.planned,
                    "items": listed,
                }
            ),
        }

    def _cap(self, kind: str, shown: int) -> list[Cap]:
        """Return what a page leaves out of a kind; prompts with one answer are no finding."""
        if kind in {"prompt", "answer"}:
            return []
        sizes = self._sizes[self._of(kind)]
        return [Cap(shown, len(sizes), float(sizes[:shown].sum() / max(1, sizes.sum())))]

    def _listed(self, kind: str, group: Group, texts: Texts) -> list[Any]:
        """Return a group's line in the queue."""
        held = group.held
        opening = held["text"] or _said(
            texts.of(int(group.rows[0])) if len(group.rows) else [], trained=kind == "answer"
        )
        start, end = self.facts.bounds[group.number : group.number + 2].tolist()
        rows = self.facts.member[start:end]
        files = np.unique(self.facts.file[rows]).tolist()
        place = self.facts.place(held["keeper_row"])
        return [
            held["group"],
            kind,
            held["size"],
            held["trained_tokens"],
            files,
            place,
            snippet(opening),
            group.variety,
            self.facts.fates(rows),
        ]

    def _item(self, kind: str, group: Group, texts: Texts) -> dict[str, Any]:
        """Return all that is shown of a group."""
        text = group.held["text"] or ""
        if kind in VIEWS["templates"]:
            slots = [self._slot(slot) for slot in self._slots.get(group.held["group"], ())]
            return {
                "text": said(text[:SKELETON]),
                "cut": max(0, len(text) - SKELETON),
                "slots": slots,
                "rows": self._places(group.rows),
            }
        if kind in VIEWS["phrases"]:
            return {
                "text": said(text),
                "lines": self._lines(kind, text, group.rows, texts),
                **self._stock.get(group.held["group"], {}),
            }
        if kind == "structure":
            sides = [[_said(texts.of(row), trained=True), 1, self.facts.place(row)] for row in group.rows.tolist()]
            return {"layout": text[:60], "sides": sides}
        if kind in {"alike", "opposed", "leak"}:
            told = text if kind == "leak" else ""
            sides = [
                [_said(texts.of(row), trained=kind != "leak"), 1, self.facts.place(row)] for row in group.rows.tolist()
            ]
            return {"text": visible(told), "sides": sides}
        trained = kind == "answer"
        sides = [
            [_said(texts.of(row), trained=not trained), count, self.facts.place(row), self.facts.ids[row].decode()]
            for row, count in zip(group.rows.tolist(), group.copies, strict=False)
        ]
        return {"text": _said(texts.of(int(group.rows[0])), trained=trained) if sides else "", "sides": sides}

    def _places(self, rows: Ints) -> list[list[int]]:
        return [self.facts.place(row) for row in rows.tolist()]

    @cached_property
    def _slots(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for slot in self.facts.run.slots.to_pylist():
            found.setdefault(slot["group"], []).append(slot)
        return found

    def _slot(self, slot: Mapping[str, Any]) -> list[Any]:
        fillers = [
            [said(filler["text"][:FILLER]), filler["count"], self.facts.place(filler["row"])]
            for filler in slot["fillers"]
        ]
        return [slot["slot"], slot["distinct"], round(slot["entropy"], 3), fillers]

    @cached_property
    def _stock(self) -> dict[str, dict[str, list[int]]]:
        return {
            row["group"]: {"where": [row["opening"], row["closing"], row["times"] - row["opening"] - row["closing"]]}
            for row in self.facts.run.phrases.to_pylist()
        }

    def _lines(self, kind: str, phrase: str, rows: Ints, texts: Texts) -> list[list[Any]]:
        """Return the phrase within what stands around it, row by row."""
        found = []
        for row in rows.tolist():
            answers = [turn.text for turn in texts.of(row) if turn.trained]
            line = _around(phrase, answers, last=kind == "closing")
            if line:
                found.append([*map(said, line), self.facts.place(row)])
        return found


@lru_cache(maxsize=4096)
def _wanted(phrase: str) -> re.Pattern[str]:
    """Return what finds a phrase: case, blanks and what its numbers are make no difference, as where it was found."""
    words = [_DIGITS.sub(r"\\d+", re.escape(word)) for word in phrase.split()]
    return re.compile(r"\s*".join(words), re.IGNORECASE)


def _spelled(phrase: str, text: str, *, last: bool) -> tuple[int, int] | None:
    """Find a phrase as it is written, but for case: to compile what finds all its forms takes longer than to look."""
    folded, wanted = text.lower(), phrase.lower()
    if len(folded) != len(text) or _DIGITS.search(phrase):
        return None
    at = folded.rfind(wanted) if last else folded.find(wanted)
    return (at, at + len(wanted)) if at >= 0 and wanted else None


def _around(phrase: str, answers: Sequence[str], *, last: bool) -> tuple[str, str, str] | None:
    """Find a phrase in answers, the first or last time; return what stands before it, the phrase, and the rest.

    >>> _around("well then 1", ["WELL  then 22, off we go"], last=False)
    ('', 'WELL  then 22', ', off we go')
    >>> _around("off", ["On and off, OFF and on"], last=True)
    ('On and off, ', 'OFF', ' and on')
    """
    phrase = phrase[:PHRASE]
    for answer in reversed(answers) if last else answers:
        span = _spelled(phrase, answer, last=last) or _matched(phrase, answer, last=last)
        if span:
            start, end = span
            return answer[max(0, start - AROUND) : start], answer[start:end], answer[end : end + AROUND]
    return None


def _matched(phrase: str, answer: str, *, last: bool) -> tuple[int, int] | None:
    wanted = _wanted(phrase)
    found = list(wanted.finditer(answer)) if last else [*filter(None, [wanted.search(answer)])]
    return found[-1].span() if found and found[-1].end() > found[-1].start() else None


def _said(turns: Sequence[Turn], *, trained: bool) -> str:
    """Return what one side said, in short."""
    text = "\n".join(turn.text for turn in turns if turn.trained == trained)
    return said(text[:CHARS]) + ("…" if len(text) > CHARS else "")
