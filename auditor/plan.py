"""What becomes of every sample: keep or drop, by which rule, and for which kept sample."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from auditor import trim
from auditor.corpus import Corpus
from auditor.groups import Groups
from auditor.judge import Relations, loop_hits, passes
from auditor.kernels.flat import Ints
from auditor.rule import Action, Kind, Profile, Rule
from auditor.thinning import capped, surplus
from auditor.trim import Cut

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
        ("cuts", trim.CUTS),
    ]
)

TARGET = "SIZE"
"""Stands where a rule would for rows that go because fewer are wished for."""


@dataclass
class Plan:
    """One entry for each sample: the rule that drops it (empty: kept), its keeper (-1: none) and their similarity.

    ``cuts`` are the samples that stay with their loops cut short, and ``trims`` the rules that ask for it.
    """

    rule: NDArray[np.str_]
    keeper: Ints
    similarity: NDArray[np.float64]
    cuts: dict[int, list[Cut]] = field(default_factory=dict)
    trims: dict[int, str] = field(default_factory=dict)

    @property
    def dropped(self) -> NDArray[np.bool_]:
        """Which samples go."""
        return np.asarray(self.rule != "", np.bool_)

    def drop(self, rows: NDArray[np.bool_] | Ints, code: str) -> None:
        """Drop rows that stay until now."""
        hit = np.zeros(len(self.rule), bool)
        hit[rows] = True
        self.rule[hit & ~self.dropped] = code


def decide(corpus: Corpus, profile: Profile, relations: Relations, groups: Groups) -> Plan:
    """Decide every sample's fate: what a rule drops by itself first, then copies, near duplicates, caps and targets.

    Loops come first because removing copies alone would make their share larger. A sample is dropped as a duplicate
    only for a sample that stays and that it was compared with directly.
    """
    rows = corpus.rows
    plan = Plan(np.full(rows, "", "U4"), np.full(rows, -1, np.int64), np.full(rows, np.nan))
    for rule in profile.rules:
        if rule.action is not Action.DROP:
            continue
        if rule.kind is Kind.LOOP:
            _drop_loops(plan, corpus, rule, profile.wishes.trim_loops)
        elif rule.kind is Kind.SIGNAL and rule.target in corpus.samples.column_names:
            plan.drop(passes(rule, corpus.samples), rule.code)
    copy_code, near_code = (_code(profile, target) for target in ("copy", "near"))
    if copy_code or near_code:
        _drop_copies(plan, corpus, relations, copy_code, near_code)
    if near_code:
        _drop_near(plan, relations, near_code)
    for rule in profile.rules:
        if rule.action is Action.CAP and "keep_per_group" in rule.where:
            _cap(plan, corpus, relations, groups, rule)
    plan.drop(surplus(corpus, relations, profile.wishes, ~plan.dropped, plan.keeper), TARGET)
    plan.cuts = {row: cuts for row, cuts in plan.cuts.items() if not plan.rule[row]}
    plan.trims = {row: plan.trims[row] for row in plan.cuts}
    return plan


def _drop_loops(plan: Plan, corpus: Corpus, rule: Rule, keep: int) -> None:
    """Drop rows with loops that a rule meets; or, where repeats may stay, cut what can be cut of their loops."""
    hit = loop_hits(rule, corpus.loops)
    rows = np.unique(corpus.loops["row"].to_numpy()[hit])
    if keep:
        bytewise = np.array([not source.tabular for source in corpus.sources], np.bool_)[corpus.source]
        found = trim.cuts(corpus.loops, hit, bytewise, keep)
        plan.cuts |= found
        plan.trims |= dict.fromkeys(found, rule.code)
        rows = np.setdiff1d(rows, list(found))
    plan.drop(rows.astype(np.int64), rule.code)


def _cap(plan: Plan, corpus: Corpus, relations: Relations, groups: Groups, rule: Rule) -> None:
    """Thin out the groups that a rule meets; rows that went for one that goes now go by the same rule."""
    gone = capped(corpus, groups, relations, rule, ~plan.dropped, plan.keeper)
    plan.drop(gone, rule.code)
    orphans = (plan.keeper >= 0) & gone[plan.keeper]
    plan.rule[orphans], plan.keeper[orphans], plan.similarity[orphans] = rule.code, -1, np.nan


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
    reasons = {**reasons, TARGET: "More rows than wished for"}
    names = sorted(reasons)
    code, action = plan.rule.copy(), dropped.astype(np.int8)
    for row, rule in plan.trims.items():
        code[row], action[row] = rule, 2
    held = np.where(action > 0, np.searchsorted(names, code) if names else 0, 0)
    place = pa.array(held, mask=action == 0)
    columns = [
        pa.array(np.arange(rows)),
        pa.array(["keep", "drop", "trim"]).take(pa.array(action)),
        pa.array(names, pa.string()).take(place),
        pa.array([reasons[name] for name in names], pa.string()).take(place),
        pa.array(plan.keeper, mask=plan.keeper < 0),
        pa.array(plan.similarity, mask=np.isnan(plan.similarity)),
        pa.repeat("plan", rows),
        trim.column(plan.cuts, rows),
    ]
    return pa.Table.from_arrays(columns, schema=PLAN)
