"""The page of copies and near duplicates: groups, each with its keeper beside its members."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from auditor.evidence.marks import marked, pieces
from auditor.evidence.shared import Shared, alone, shared, words
from auditor.kernels.flat import Ints
from auditor.outputs.html.chosen import Cap
from auditor.outputs.html.facts import Facts
from auditor.outputs.html.groups import Group, Groups, Member
from auditor.outputs.html.redact import said
from auditor.outputs.html.shards import Family, snippet
from auditor.outputs.html.shown import fitted
from auditor.outputs.html.texts import Texts
from auditor.sample import Turn

PLACES, CHARS = 200, 4000
"""What is shown at most: places of one copy, characters of a text."""

Compared = dict[tuple[int, int], tuple[list[Turn], list[Turn], Shared]]

BUDGET = 10 * 1024 * 1024
"""Bytes of this page's scripts."""


class Duplicates:
    """Packs the groups that are shown once their texts are read."""

    name = "duplicates"

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.groups = Groups(facts)
        self.size = int(facts.run.summary["settings"]["shingle"])

    def rows(self) -> Ints:
        """Return the rows whose texts are shown."""
        return np.array([row for group in self.groups.shown for row in group.texts], np.int64)

    def build(self, texts: Texts) -> dict[str, Any]:
        """Return what the page's template needs, and its scripts."""
        family = Family(self.name, BUDGET)
        groups = self.groups
        spellings = groups.spellings([group for group in groups.shown if group.kind == "copy"])
        compared = self._compared(texts)
        listed, shown = [], []
        for group in groups.shown:
            item = self._copies(group, texts, spellings) if group.kind == "copy" else self._near(group, compared)
            place = family.add(item)
            if place is None:
                break
            shown.append(group)
            listed.append([*self._listed(group, texts), *place])
        whole = int(groups.stake[groups.numbers].sum())
        stake = int(groups.stake[[group.number for group in shown]].sum()) if shown else 0
        index = {
            **self.facts.files_told,
            "threshold": groups.threshold,
            "planned": self.facts.planned,
            "items": listed,
        }
        return {
            "cap": Cap(len(shown), len(groups.numbers), stake / whole if whole else 1.0),
            "lost": texts.lost,
            "scripts": family.close(index),
            "shown": frozenset(group.name for group in shown),
        }

    def _listed(self, group: Group, texts: Texts) -> list[Any]:
        """Return a group's line in the queue."""
        return [
            group.name,
            group.kind,
            len(group.rows),
            int(self.groups.stake[group.number]),
            round(float(self.groups.least[group.number]), 4),
            round(float(self.groups.doubt[group.number]), 4),
            sorted(set(self.facts.file[group.rows].tolist())),
            self.facts.place(group.keeper),
            snippet(_opening(texts.of(group.keeper))),
            self.facts.fates(group.rows),
        ]

    def _copies(self, group: Group, texts: Texts, spellings: dict[int, int]) -> dict[str, Any]:
        """Show copies: one text, and every place."""
        rows = np.concatenate([[group.keeper], group.rows[group.rows != group.keeper]])[:PLACES].tolist()
        turns = texts.of(group.keeper)
        fate = self.facts.run.plan.slice(group.keeper, 1).to_pylist()[0]
        instead = fate["keeper_row"]
        return {
            "gone": fate["rule"],
            "instead": None if instead is None else self.facts.place(instead),
            "text": _laid(turns, alone(turns)),
            "places": [[*self.facts.place(row), bool(self.facts.dropped[row])] for row in rows],
            "spellings": spellings[group.number],
            "id": self._ids([group.keeper])[0],
        }

    def _compared(self, texts: Texts) -> Compared:
        """Compare all members that are shown with the rows beside them, at once."""
        there = texts.turns.keys()
        pairs = {
            (member.beside, member.row): None
            for group in self.groups.shown
            for member in group.members
            if member.row in there and member.beside in there
        }
        rows = sorted({row for pair in pairs for row in pair})
        at = {row: number for number, row in enumerate(rows)}
        held = words([texts.of(row) for row in rows], self.size)
        found = shared(held, [(at[left], at[right]) for left, right in pairs])
        return {pair: (texts.of(pair[0]), texts.of(pair[1]), both) for pair, both in zip(pairs, found, strict=True)}

    def _near(self, group: Group, compared: Compared) -> dict[str, Any]:
        """Show near duplicates: each member beside the row it was compared with."""
        return {
            "members": [self._member(member, compared) for member in group.members],
            "distinct": group.distinct,
            "also": group.apart,
        }

    def _member(self, member: Member, compared: Compared) -> dict[str, Any]:
        """Show one member beside the row it was compared with."""
        facts = self.facts
        found: dict[str, Any] = {
            "place": facts.place(member.row),
            "keeper": facts.place(member.beside),
            "likeness": [round(share, 4) for share in member.likeness],
            "dropped": facts.dropped[[member.beside, member.row]].tolist(),
            "copies": member.copies,
            "why": self._why(member),
            "ids": self._ids([member.beside, member.row]),
            "tokens": self.facts.tokens[[member.beside, member.row]].tolist(),
        }
        if (member.beside, member.row) in compared:
            left, right, both = compared[member.beside, member.row]
            found |= {
                "left": _laid(left, both.left), "right": _laid(right, both.right), "matches": both.matches,
            }  # fmt: skip
        return found

    def _ids(self, rows: list[int]) -> list[str]:
        """Return the content ids of rows: what a decision names them by."""
        return [name.decode() for name in self.facts.order(np.array(rows, np.int64)).tolist()]

    def _why(self, member: Member) -> list[Any]:
        """Say why the other row is kept: no loop, a longer answer, or nothing but a fixed order; or why both are."""
        facts, row, beside = self.facts, member.row, member.beside
        if not facts.dropped[row]:
            apart = member.likeness[0] < self.groups.threshold
            return ["apart", f"{self.groups.threshold:g}"] if apart else ["kept"]
        if facts.degenerate[row] and not facts.degenerate[beside]:
            return ["loop"]
        mine, other = int(facts.trained_chars[row]), int(facts.trained_chars[beside])
        return ["longer", other, mine] if other > mine else ["order"]


def _opening(turns: Sequence[Turn]) -> str:
    """Return the text that tells a sample from others: its first prompt, else its first turn."""
    asked = [turn.text for turn in turns if not turn.trained and turn.role.label == "user" and turn.text.strip()]
    return next(iter(asked or [turn.text for turn in turns]), "")


def _laid(turns: Sequence[Turn], texts: Sequence[str]) -> list[list[Any]]:
    """Lay turns out: role, whether trained, and marked text, no more than a page can show."""
    if sum(map(len, texts)) > CHARS:
        texts = [marked(held) for held in fitted([pieces(text) for text in texts], CHARS)]
    return [[turn.role.label, int(turn.trained), said(text)] for turn, text in zip(turns, texts, strict=True)]
