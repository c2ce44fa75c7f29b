"""What becomes of every sample: keep or drop, by which rule, and for which kept sample."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from auditor.corpus import Corpus, binary
from auditor.judge import Relations, loop_hits, passes
from auditor.kernels.flat import Ints
from auditor.rule import Action, Kind, Profile, Rule

Item = TypeVar("Item")

PLAN = pa.schema(
    [
        ("row", pa.int64()),
        ("action", pa.string()),
        ("rule", pa.string()),
        ("reason", pa.string()),
        ("keeper_row", pa.int64()),
        ("similarity", pa.float64()),
        ("decided_by", pa.string()),
    ]
)

SKETCH = 32
"""Bytes of signatures by which the most different rows of a group are chosen; so many of them a run keeps."""


@dataclass
class Plan:
    """One entry for each sample: the rule that drops it (empty: kept), its keeper (-1: none) and their similarity."""

    rule: NDArray[np.str_]
    keeper: Ints
    similarity: NDArray[np.float64]

    @property
    def dropped(self) -> NDArray[np.bool_]:
        """Which samples go."""
        return np.asarray(self.rule != "", np.bool_)

    def drop(self, rows: NDArray[np.bool_] | Ints, code: str) -> None:
        """Drop rows that stay until now."""
        hit = np.zeros(len(self.rule), bool)
        hit[rows] = True
        self.rule[hit & ~self.dropped] = code


def decide(corpus: Corpus, profile: Profile, relations: Relations) -> Plan:
    """Decide every sample's fate: what a rule drops by itself first, then copies, then near duplicates.

    Loops come first because removing copies alone would make their share larger. A sample is dropped as a duplicate
    only for a sample that stays and that it was compared with directly.
    """
    rows = corpus.rows
    plan = Plan(np.full(rows, "", "U4"), np.full(rows, -1, np.int64), np.full(rows, np.nan))
    for rule in profile.rules:
        if rule.action is not Action.DROP:
            continue
        if rule.kind is Kind.LOOP:
            hit = loop_hits(rule, corpus.loops)
            plan.drop(np.asarray(corpus.loops["row"].to_numpy()[hit], np.int64), rule.code)
        elif rule.kind is Kind.SIGNAL and rule.target in corpus.samples.column_names:
            plan.drop(passes(rule, corpus.samples), rule.code)
    copy_code, near_code = (_code(profile, target) for target in ("copy", "near"))
    if copy_code or near_code:
        _drop_copies(plan, corpus, relations, copy_code, near_code)
    if near_code:
        _drop_near(plan, relations, near_code)
    for rule in profile.rules:
        if rule.action is Action.CAP and "keep_per_group" in rule.where:
            _cap(plan, corpus, relations, rule)
    return plan


def _cap(plan: Plan, corpus: Corpus, relations: Relations, rule: Rule) -> None:
    """Thin out the groups of a relation to so many rows each: those that stay are the most different ones."""
    for group in relations.patterns.groups:
        if group.kind == rule.target and len(group.rows) >= rule.where.get("min_rows", 0):
            alive = group.rows[~plan.dropped[group.rows]]
            plan.drop(
                np.setdiff1d(alive, different(corpus, alive, relations.rank, rule.where["keep_per_group"])), rule.code
            )


def different(corpus: Corpus, rows: Ints, rank: Ints, keep: int) -> Ints:
    """Choose rows that differ most: first the best by rank, then always the one least like those chosen."""
    if len(rows) <= keep:
        return rows
    rows = rows[np.argsort(rank[rows])]
    held = corpus.keys["lanes"].take(rows)
    filled = np.flatnonzero(np.asarray(held.is_valid()))
    lanes = np.zeros((len(rows), SKETCH), np.uint8)
    lanes[filled] = binary(held.filter(held.is_valid()), np.dtype(np.uint8), np.arange(len(filled)))[:, :SKETCH]
    nearest = np.zeros(len(rows), np.int64)
    chosen = []
    for _ in range(keep):
        best = int(np.argmin(nearest))
        chosen.append(best)
        nearest = np.maximum(nearest, (lanes == lanes[best]).sum(axis=1))
        nearest[chosen] = SKETCH + 1
    return np.sort(rows[chosen])


def _code(profile: Profile, target: str) -> str:
    """Return the code of the dropping rule for a relation, if the profile applies one."""
    return next((rule.code for rule in profile.of(Kind.RELATION, target) if rule.action is Action.DROP), "")


def _drop_copies(plan: Plan, corpus: Corpus, relations: Relations, copy_code: str, near_code: str) -> None:
    """Drop copies; where only near duplicates are asked for, copies long enough for shingles count as such."""
    keeper, gone = relations.copy.keeper, plan.dropped
    hit = (keeper != np.arange(len(keeper))) & ~gone & ~gone[keeper]
    if not copy_code:
        hit &= corpus.keys["shingles"].to_numpy() > 0
    plan.rule[hit] = copy_code or near_code
    plan.keeper[hit] = keeper[hit]
    plan.similarity[hit] = 1.0


def _drop_near(plan: Plan, relations: Relations, code: str) -> None:
    """Drop near duplicates; the copies of a dropped sample follow it to its keeper, which they equal as much."""
    near, best = relations.near, relations.copy.keeper
    if near is None:
        return
    keeper = near.keeper[best]
    gone = plan.dropped
    rows = np.flatnonzero((keeper != best) & ~gone[keeper] & (~gone | (plan.keeper >= 0)))
    plan.rule[rows] = np.where(plan.rule[rows] == "", code, plan.rule[rows])
    plan.keeper[rows] = keeper[rows]
    plan.similarity[rows] = near.likeness(best[rows], keeper[rows]).jaccard


def apply(table: pa.Table, data: Iterable[Item]) -> Iterator[Item]:
    """Yield what a plan keeps of data in reading order: one item for each of its rows.

    >>> list(apply(pa.table({"action": ["keep", "drop", "keep"]}), "abc"))
    ['a', 'c']
    """
    return (item for action, item in zip(table["action"].to_pylist(), data, strict=True) if action != "drop")


def table(plan: Plan, reasons: dict[str, str]) -> pa.Table:
    """Lay a plan out in columns; ``reasons`` are the titles of its rules."""
    rows = len(plan.rule)
    dropped = plan.dropped
    names = sorted(reasons)
    held = np.where(dropped, np.searchsorted(names, plan.rule) if names else 0, 0)
    place = pa.array(held, mask=~dropped)
    columns = [
        pa.array(np.arange(rows)),
        pa.array(["keep", "drop"]).take(pa.array(dropped.astype(np.int8))),
        pa.array(names, pa.string()).take(place),
        pa.array([reasons[name] for name in names], pa.string()).take(place),
        pa.array(plan.keeper, mask=plan.keeper < 0),
        pa.array(plan.similarity, mask=np.isnan(plan.similarity)),
        pa.repeat("plan", rows),
    ]
    return pa.Table.from_arrays(columns, schema=PLAN)
