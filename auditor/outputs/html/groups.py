"""Which groups of copies and near duplicates are shown, and which members of each beside which kept row."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from auditor.evidence.shared import LONGEST
from auditor.kernels.flat import Ints
from auditor.outputs.html.chosen import chosen, spread
from auditor.outputs.html.facts import Facts

GROUPS, MEMBERS = 500, 20
"""What is shown at most: groups, and members of one."""

READ, COMPARED = 32_000_000, 8_000_000
"""Characters that are read again for the page, and those that are compared."""


Compared = tuple[Ints, Ints, Ints, Ints, NDArray[np.float64]]
"""Columns of members: the place of their group, row, the row beside it, copies, likeness."""


class Member(NamedTuple):
    """A member that is shown: its row, the row that it was compared with, and how many rows are copies of it.

    ``likeness`` is their similarity, the share of the row found in the other, and that of the other found in it.
    """

    row: int
    beside: int
    copies: int
    likeness: tuple[float, float, float]


class Group(NamedTuple):
    """A group that is shown: its place in the table of groups, its rows, and its members but the keeper."""

    number: int
    name: str
    kind: str
    keeper: int
    rows: Ints
    members: list[Member]
    distinct: int
    apart: int

    @property
    def texts(self) -> list[int]:
        """The rows whose texts are shown."""
        return sorted({self.keeper, *(row for member in self.members for row in (member.row, member.beside))})


@dataclass(frozen=True)
class Groups:
    """The groups of a run."""

    facts: Facts

    @property
    def threshold(self) -> float:
        """The similarity from which rows are duplicates."""
        return float(self.facts.run.summary["settings"]["threshold"])

    @cached_property
    def numbers(self) -> Ints:
        """Where the groups of copies and near duplicates stand."""
        return np.flatnonzero(np.isin(self.facts.kind, ("copy", "near")))

    @cached_property
    def stake(self) -> Ints:
        """The trained tokens of each group's members but its keeper."""
        return np.asarray(self.facts.run.groups["trained_tokens"].to_numpy(), np.int64)

    @cached_property
    def keeper(self) -> Ints:
        """Each group's keeper."""
        return np.asarray(self.facts.run.groups["keeper_row"].to_numpy(), np.int64)

    @cached_property
    def least(self) -> NDArray[np.float64]:
        """The similarity of each group's least alike member."""
        held = np.where(np.isnan(self.facts.similarity), 1.0, self.facts.similarity)
        least = np.ones(len(self.facts.kind))
        filled = np.diff(self.facts.bounds) > 0
        if filled.any():
            least[filled] = np.minimum.reduceat(held, self.facts.bounds[:-1][filled])
        return least

    @cached_property
    def doubt(self) -> NDArray[np.float64]:
        """How near each group's least alike member is to the threshold: 1 at it, 0 for copies."""
        room = max(1 - self.threshold, 1e-9)
        doubt = np.clip(1 - (self.least - self.threshold) / room, 0, 1)
        return np.where(self.facts.kind == "near", doubt, 0.0)

    @cached_property
    def picked(self) -> Ints:
        """Where the groups stand that are chosen, most important first."""
        numbers = self.numbers
        order = self.facts.order(self.keeper[numbers]) if len(numbers) > GROUPS else np.zeros(0, "S16")
        return numbers[chosen(self.stake[numbers], self.doubt[numbers], order, GROUPS)]

    @cached_property
    def shown(self) -> list[Group]:
        """The groups that are shown, most important first, as far as their texts can be held."""
        facts = self.facts
        names = facts.run.groups["group"].take(pa.array(self.picked)).to_pylist()
        found = []
        read = compared = 0
        for place, (number, name) in enumerate(zip(self.picked.tolist(), names, strict=True)):
            start, end = facts.bounds[number : number + 2].tolist()
            rows, keeper = facts.member[start:end], int(self.keeper[number])
            members, distinct, apart = self._members[place]
            group = Group(number, name, str(facts.kind[number]), keeper, rows, members, distinct, apart)
            chars = facts.chars[group.texts]
            sizes = int(chars.sum()), int(np.minimum(chars, LONGEST).sum())
            if read + sizes[0] <= READ and compared + sizes[1] <= COMPARED:
                read, compared = read + sizes[0], compared + sizes[1]
                found.append(group)
        return found

    @cached_property
    def _members(self) -> list[tuple[list[Member], int, int]]:
        """The members of each chosen group that are shown, how many there are, and how many stand apart.

        Those that were compared with a row that stays, the most and the least alike; copies have none.
        """
        facts = self.facts
        near = np.flatnonzero(facts.kind[self.picked] == "near")
        sizes = np.diff(facts.bounds)[self.picked[near]]
        owner = np.repeat(near, sizes)
        at = np.arange(len(owner)) + np.repeat(facts.bounds[self.picked[near]] - (np.cumsum(sizes) - sizes), sizes)
        kept, gone = self._kept(at, owner), self._gone(at, owner)
        whose, *columns = (np.concatenate(pair) for pair in zip(gone, kept, strict=True))
        order = np.argsort(whose, kind="stable")
        ends = np.searchsorted(whose[order], np.arange(len(self.picked) + 1)).tolist()
        standing = np.bincount(owner[np.isnan(facts.similarity[at])], minlength=len(self.picked))
        apart = (standing - 1 - np.bincount(kept[0], minlength=len(self.picked))).tolist()
        columns = [column[order] for column in columns]
        likeness = columns[-1][:, 0]
        found: list[tuple[list[Member], int, int]] = []
        for place in range(len(self.picked)):
            span = np.arange(ends[place], ends[place + 1])
            rows = columns[0][span]
            ids = facts.order(rows) if len(rows) > MEMBERS else np.zeros(0, "S16")
            shown = span[spread(likeness[span], ids, MEMBERS)]
            held = zip(*(column[shown].tolist() for column in columns), strict=True)
            found.append(([Member(*values) for values in held], len(rows), max(apart[place], 0)))
        return found

    def _gone(self, at: Ints, owner: Ints) -> Compared:
        """Return the members that are like a row that stays; one stands for all that are copies of each other."""
        facts = self.facts
        rows, own = facts.member[at], np.isnan(facts.similarity[at])
        keys = self._same(rows)
        pairs = _numbered(owner, keys)
        held = np.flatnonzero(~own & ~np.isin(pairs, pairs[own]))
        _, first, copies = np.unique(pairs[held], return_index=True, return_counts=True)
        one = held[first]
        planned = self._planned[rows[one]]
        elsewhere = (planned >= 0) & (self._same(planned) != keys[one])
        beside = np.where(elsewhere, planned, self.keeper[self.picked[owner[one]]])
        likeness = [column[at[one]] for column in (facts.similarity, facts.contained, facts.covers)]
        return owner[one], rows[one], beside, copies, np.stack(likeness, axis=1)

    def _kept(self, at: Ints, owner: Ints) -> Compared:
        """Return the other rows of groups that stay, each beside the one among them that it is most like."""
        rows, own = self.facts.member[at], np.isnan(self.facts.similarity[at])
        best = self._best(rows[own], owner[own])
        pairs = _numbered(owner, self._same(rows))
        held = np.flatnonzero(own & (rows != self.keeper[self.picked[owner]]) & (best[rows] >= 0))
        names, counts = np.unique(pairs, return_counts=True)
        other, likeness = self._pairs
        found = best[rows[held]]
        copies = counts[np.searchsorted(names, pairs[held])] if len(held) else np.zeros(0, np.int64)
        return owner[held], rows[held], other[found], copies, likeness[found]

    @cached_property
    def _pairs(self) -> tuple[Ints, NDArray[np.float64]]:
        """The pairs that were verified, from either end: the other row, and their likeness."""
        pairs = self.facts.run.pairs
        names = ("row_a", "row_b", "jaccard", "contained_a", "contained_b")
        a, b, jaccard, mine, theirs = (pairs[name].to_numpy() for name in names)
        likeness = np.concatenate(
            [np.stack([jaccard, mine, theirs], axis=1), np.stack([jaccard, theirs, mine], axis=1)]
        )
        return np.concatenate([b, a]).astype(np.int64), likeness.astype(np.float64)

    def _best(self, rows: Ints, owner: Ints) -> Ints:
        """Return the closest pair of each row with another of its group, both of which stay; -1 for none."""
        group = np.full(self.facts.rows, -1, np.int64)
        group[rows] = owner
        other, likeness = self._pairs
        row = np.concatenate([other[len(other) // 2 :], other[: len(other) // 2]])
        fitting = np.flatnonzero((group[row] >= 0) & (group[row] == group[other]))
        ranked = fitting[np.lexsort((-other[fitting], likeness[fitting, 0]))]
        best = np.full(self.facts.rows, -1, np.int64)
        best[row[ranked]] = ranked
        return best

    def _same(self, rows: Ints) -> Ints:
        """Return a number for each row that only its copies share."""
        return np.where(self._copies[rows] >= 0, self._copies[rows], -rows - 1)

    @cached_property
    def _copies(self) -> Ints:
        """The number of each row's group of copies; -1 for none."""
        codes = self.facts.run.brief["copy_group"].combine_chunks().dictionary_encode().indices
        return np.asarray(pc.fill_null(codes, -1).to_numpy(), np.int64)

    @cached_property
    def _planned(self) -> Ints:
        """The row that each row is dropped for; -1 for none."""
        return np.asarray(pc.fill_null(self.facts.run.plan["keeper_row"], -1).to_numpy(), np.int64)

    def spellings(self, groups: Sequence[Group]) -> dict[int, int]:
        """Count in how many ways the copies of each group are written."""
        rows = [group.rows for group in groups]
        ids = self.facts.order(np.concatenate([np.zeros(0, np.int64), *rows])).tolist()
        ends = np.cumsum([len(held) for held in rows]).tolist()
        return {
            group.number: len(set(ids[end - len(group.rows) : end])) for group, end in zip(groups, ends, strict=True)
        }


def _numbered(owner: Ints, keys: Ints) -> Ints:
    """Return a number for each pair of a group and a key, in the order of the groups, then of the keys."""
    names, numbers = np.unique(keys, return_inverse=True)
    return owner * max(1, len(names)) + numbers
