"""What reviewers decided of groups: read, merged, and put over the plan."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.errors import UsageError
from auditor.outputs.run import Run

# 1: the first.
FORMAT = 1

ACTIONS = ("accept", "keep-all", "drop-all", "keep", "not-duplicates", "later")
"""The plan stands; all rows stay; all go; those named stay and the rest goes; they are no duplicates, so all stay; not
yet decided.
"""

LARGEST = 256 << 20
"""Bytes of a file of decisions at most."""


@dataclass(frozen=True)
class Decision:
    """What a reviewer decided of one group; ``keep`` names the content ids that stay."""

    group: str
    action: str
    reviewer: str
    keep: frozenset[str] = frozenset()
    note: str = ""

    @property
    def verdict(self) -> tuple[str, frozenset[str]]:
        """What two reviewers must agree on."""
        same = {"not-duplicates": "keep-all"}
        return same.get(self.action, self.action), self.keep


class Merged(NamedTuple):
    """Decisions by group; those on which reviewers differ stand apart."""

    agreed: Mapping[str, Decision]
    conflicts: Mapping[str, Sequence[Decision]]


class Applied(NamedTuple):
    """The plan with decisions over it, and what of them no longer fits the run."""

    plan: pa.Table
    stale: Sequence[str]


def read(path: Path, run: Run) -> list[Decision]:
    """Read a file of decisions; raises UsageError that says what is wrong where."""
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError("{path} is larger than {limit} bytes", path=path, limit=LARGEST)
        held = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as fault:
        raise UsageError("{path} is no JSON: {fault}", path=path, fault=fault) from None
    except FileNotFoundError:
        raise UsageError("no such file: {name}", name=path) from None
    if not isinstance(held, dict) or held.get("format") != FORMAT or not isinstance(held.get("decisions"), list):
        raise UsageError("{path} holds no decisions", hint="give a file that the report has exported", path=path)
    if held.get("audit") != run.audit:
        raise UsageError(
            "{path} is about another run: {found}, not {wanted}", hint="export it again from this run's report",
            path=path, found=str(held.get("audit")), wanted=run.audit,
        )  # fmt: skip
    reviewer = held.get("reviewer")
    if not isinstance(reviewer, str) or not reviewer.strip():
        raise UsageError("{path} does not say who decided", hint="fill in reviewer", path=path)
    return [_decision(path, at, entry, reviewer.strip()) for at, entry in enumerate(held["decisions"])]


def _decision(path: Path, at: int, entry: Any, reviewer: str) -> Decision:  # noqa: ANN401  (any JSON)
    """Check one entry."""
    known = {"cluster", "action", "keep", "note"}
    fits = isinstance(entry, dict) and set(entry) <= known and entry.get("action") in ACTIONS
    if not fits or not isinstance(entry.get("cluster"), str) or not isinstance(entry.get("note", ""), str):
        raise UsageError(
            "{path}: decision {number} cannot be read", hint="it has a cluster, and as action one of {known}",
            path=path, number=at + 1, known=", ".join(ACTIONS),
        )  # fmt: skip
    keep = entry.get("keep", [])
    named = isinstance(keep, list) and all(isinstance(name, str) for name in keep)
    if not named or bool(keep) != (entry["action"] == "keep"):
        raise UsageError("{path}: decision {number} must say which rows stay", path=path, number=at + 1)
    return Decision(entry["cluster"], entry["action"], reviewer, frozenset(keep), entry.get("note", ""))


def merged(files: Iterable[Sequence[Decision]]) -> Merged:
    """Merge reviewers' decisions; of one reviewer the last on a group counts, and "later" gives way to any other."""
    held: dict[str, dict[str, Decision]] = {}
    for decision in (decision for file in files for decision in file):
        if decision.action != "later":
            held.setdefault(decision.group, {})[decision.reviewer] = decision
    agreed, conflicts = {}, {}
    for group, by in sorted(held.items()):
        decisions = [by[name] for name in sorted(by)]
        if len({decision.verdict for decision in decisions}) > 1:
            conflicts[group] = decisions
        else:
            names = ", ".join(decision.reviewer for decision in decisions)
            first = decisions[0]
            agreed[group] = Decision(group, first.action, names, first.keep, first.note)
    return Merged(agreed, conflicts)


def applied(run: Run, decisions: Iterable[Decision]) -> Applied:
    """Put decisions over a run's plan. Of decisions that differ about one row, the one that keeps it counts.

    A row that the plan drops for another which a reviewer drops stays: nothing goes without a keeper but by decision.
    """
    plan = run.plan
    rows = plan.num_rows
    dropped = np.array(pc.equal(plan["action"], "drop").to_numpy())
    fate = np.zeros(rows, np.int8)
    who = np.full(rows, "", object)
    keeper = np.full(rows, -1, np.int64)
    stale = []
    members = _members(run)
    ids = run.samples["content_id"]
    for decision in sorted(decisions, key=lambda each: each.group):
        if decision.group not in members:
            stale.append(decision.group)
            continue
        held = members[decision.group]
        names = ids.take(pa.array(held)).to_pylist() if decision.keep else []
        lost = decision.keep - set(names)
        stale += [f"{decision.group}: {name}" for name in sorted(lost)]
        stays = np.array([name in decision.keep for name in names], np.bool_)
        _mark(decision, held, stays, fate, who, keeper)
    gone = (dropped & (fate == 0)) | (fate == DROP)
    for_whom = np.array(pc.fill_null(plan["keeper_row"], -1).to_numpy())
    orphans = (fate == 0) & dropped & (for_whom >= 0) & gone[for_whom]
    who[orphans], fate[orphans] = who[for_whom[orphans]], KEEP
    return Applied(_written(plan, fate, who, keeper), stale)


STAND, KEEP, DROP = 1, 3, 2
"""Fates by decision, the stronger ones higher."""


def _mark(
    decision: Decision, rows: np.ndarray[Any, Any], stays: np.ndarray[Any, Any], fate: np.ndarray[Any, Any],
    who: np.ndarray[Any, Any], keeper: np.ndarray[Any, Any],
) -> None:  # fmt: skip
    """Note one decision's fates where no stronger one stands."""
    wanted = np.full(len(rows), {"accept": STAND, "drop-all": DROP}.get(decision.action, KEEP), np.int8)
    if decision.action == "keep":
        if not stays.any():
            return
        wanted[~stays] = DROP
        keeper[rows[~stays]] = rows[stays][0]
    hit = wanted > fate[rows]
    fate[rows[hit]], who[rows[hit]] = wanted[hit], decision.reviewer


def _written(
    plan: pa.Table, fate: np.ndarray[Any, Any], who: np.ndarray[Any, Any], keeper: np.ndarray[Any, Any]
) -> pa.Table:
    """Return the plan with fates changed, and who decided."""
    columns = {name: plan[name] for name in plan.column_names}
    decided = pa.array(fate > 0)
    dropped = pc.equal(plan["action"], "drop")
    free = pa.array(fate == KEEP)
    fresh = pc.and_(pa.array(fate == DROP), pc.invert(dropped))
    columns["decided_by"] = pc.if_else(decided, pa.array(who.astype(str)), plan["decided_by"])
    columns["action"] = pc.if_else(fresh, "drop", pc.if_else(pc.and_(free, dropped), "keep", plan["action"]))
    for name in ("rule", "reason", "keeper_row", "similarity"):
        none = pa.scalar(None, plan[name].type)
        columns[name] = pc.if_else(pc.or_(pc.and_(free, dropped), fresh), none, plan[name])
    columns["reason"] = pc.if_else(fresh, "Decided by a reviewer", columns["reason"])
    columns["keeper_row"] = pc.if_else(pc.and_(fresh, pa.array(keeper >= 0)), pa.array(keeper), columns["keeper_row"])
    return pa.table(columns, schema=plan.schema)


def _members(run: Run) -> dict[str, np.ndarray[Any, Any]]:
    """Return the rows of each group."""
    names, rows = run.members["group"].to_pylist(), run.members["row"].to_numpy()
    if not names:
        return {}
    starts = [at for at in range(len(names)) if at == 0 or names[at] != names[at - 1]]
    return dict(zip((names[at] for at in starts), np.split(rows, starts[1:]), strict=True))
