"""A plan with reviewers' decisions over it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from auditor.kernels.flat import Ints
from auditor.outputs.decisions import Decision
from auditor.outputs.run import Run
from auditor.thinning import different

STAND, DROP, KEEP, WHOLE = 1, 2, 3, 4
"""Fates by decision, the stronger ones higher; a row that stays whole is not trimmed either."""

FATES = {"accept": STAND, "drop-all": DROP}
"""Fates of a whole group or sample by action; every other action keeps."""


APART = 1000
"""So many rows of a capped group are chosen to be most different; to compare more with each other takes too long."""


class Applied(NamedTuple):
    """The plan with decisions over it, and what of them no longer fits the run."""

    plan: pa.Table
    stale: Sequence[str]


def applied(run: Run, decisions: Iterable[Decision]) -> Applied:
    """Put decisions over a run's plan. Of decisions that differ about one row, the one that keeps it counts.

    A row that the plan drops for another which a reviewer drops stays: nothing goes without a keeper but by decision.
    """
    held = _Fates(run)
    stale: list[str] = []
    for decision in sorted(decisions, key=lambda each: each.target):
        rows = held.rows(decision)
        if rows is None:
            stale.append(decision.target)
            continue
        lost = decision.keep - set(held.ids(rows) if decision.keep else ())
        stale += [f"{decision.target}: {name}" for name in sorted(lost)]
        held.mark(decision, rows)
    return Applied(held.plan(), stale)


@dataclass
class _Fates:
    """What decisions make of every row; 0 where they say nothing."""

    run: Run

    def __post_init__(self) -> None:
        plan = self.run.plan
        self.dropped = np.array(pc.equal(plan["action"], "drop").to_numpy())
        self.for_whom = np.array(pc.fill_null(plan["keeper_row"], -1).to_numpy())
        self.fate = np.zeros(plan.num_rows, np.int8)
        self.who = np.full(plan.num_rows, "", object)
        self.keeper = np.full(plan.num_rows, -1, np.int64)

    def rows(self, decision: Decision) -> Ints | None:
        """Return the rows that a decision is about; None where the run has them no more."""
        if not decision.alone:
            return self._members.get(decision.target)
        found = np.flatnonzero(pc.equal(self.run.brief["content_id"], decision.target).to_numpy())
        return found if len(found) else None

    @cached_property
    def _members(self) -> dict[str, Ints]:
        """The rows of each group."""
        names, rows = self.run.members["group"].to_pylist(), self.run.members["row"].to_numpy()
        if not names:
            return {}
        starts = [at for at in range(len(names)) if at == 0 or names[at] != names[at - 1]]
        return dict(zip((names[at] for at in starts), np.split(rows, starts[1:]), strict=True))

    def ids(self, rows: Ints) -> list[str]:
        """Return the content ids of rows."""
        return self.run.brief["content_id"].take(pa.array(rows)).to_pylist()  # type: ignore[no-any-return]

    def mark(self, decision: Decision, rows: Ints) -> None:
        """Note one decision's fates where no stronger one stands."""
        if decision.action == "cap":
            wanted = self._capped(rows, decision.most)
        elif decision.action == "keep":
            wanted = self._chosen(rows, decision.keep)
        else:
            kept = WHOLE if decision.alone else KEEP
            wanted = np.full(len(rows), FATES.get(decision.action, kept), np.int8)
        hit = wanted > self.fate[rows]
        self.fate[rows[hit]], self.who[rows[hit]] = wanted[hit], decision.reviewer

    def _chosen(self, rows: Ints, names: frozenset[str]) -> NDArray[np.int8]:
        """Keep the rows that are named; of several with one content those that the plan keeps, or else the first."""
        ids = np.array(self.ids(rows))
        found = []
        for name in sorted(names):
            same = np.flatnonzero(ids == name)
            alive = same[~self.dropped[rows[same]]]
            found.append(alive if len(alive) else same[:1])
        stays = np.isin(np.arange(len(rows)), np.concatenate(found))
        if not stays.any():
            return np.zeros(len(rows), np.int8)
        self.keeper[rows[~stays]] = rows[stays][0]
        return np.where(stays, KEEP, DROP).astype(np.int8)

    def _capped(self, rows: Ints, most: int) -> NDArray[np.int8]:
        """Thin out what the plan keeps of a group: the most different rows stay, and those that others go for."""
        alive = rows[~self.dropped[rows]]
        outside = self.dropped & (self.for_whom >= 0)
        outside[rows] = False
        needed = np.intersect1d(alive, self.for_whom[outside])
        rank = np.zeros(len(self.fate), np.int64)
        chars = self.run.brief["trained_chars"].to_numpy()
        rank[alive[np.lexsort((self.ids(alive), -chars[alive]))]] = np.arange(len(alive))
        kept = different(self.run.measures["sketch"], alive, rank, min(most, APART), needed)
        rest = np.setdiff1d(alive, kept)
        kept = np.concatenate([kept, rest[np.argsort(rank[rest])][: max(0, most - len(kept))]])
        gone = np.setdiff1d(alive, kept)
        fates = np.where(np.isin(rows, kept), STAND, 0)
        return np.where(np.isin(rows, gone) | np.isin(self.for_whom[rows], gone), DROP, fates).astype(np.int8)

    def plan(self) -> pa.Table:
        """Return the plan with fates changed, and who decided."""
        gone = (self.dropped & (self.fate == 0)) | (self.fate == DROP)
        left = self.dropped & (self.for_whom >= 0) & gone[self.for_whom]
        orphans = (self.fate == 0) & left
        self.who[orphans], self.fate[orphans] = self.who[self.for_whom[orphans]], KEEP
        fresh = (self.fate == DROP) & (~self.dropped | left)
        back = (self.fate >= KEEP) & self.dropped
        return _written(self.run.plan, fresh, back | (self.fate == WHOLE), self.fate > 0, self.who, self.keeper)


def _written(
    plan: pa.Table, fresh: NDArray[np.bool_], free: NDArray[np.bool_], decided: NDArray[np.bool_],
    who: NDArray[np.object_], keeper: Ints,
) -> pa.Table:  # fmt: skip
    """Return the plan with rows that go or stay by decision, and who decided."""
    columns = {name: plan[name] for name in plan.column_names}
    columns["decided_by"] = pc.if_else(pa.array(decided), pa.array(who.astype(str)), plan["decided_by"])
    columns["action"] = pc.if_else(pa.array(fresh), "drop", pc.if_else(pa.array(free), "keep", plan["action"]))
    changed = pa.array(fresh | free)
    for name in ("rule", "reason", "keeper_row", "similarity", "cuts"):
        columns[name] = pc.if_else(changed, pa.scalar(None, plan[name].type), plan[name])
    columns["reason"] = pc.if_else(pa.array(fresh), "Decided by a reviewer", columns["reason"])
    columns["keeper_row"] = pc.if_else(pa.array(fresh & (keeper >= 0)), pa.array(keeper), columns["keeper_row"])
    return pa.table(columns, schema=plan.schema)
