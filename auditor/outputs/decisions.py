"""What reviewers decided of groups and samples: files are read, and merged."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from auditor.errors import UsageError
from auditor.outputs.run import Run

# 1: the first.
FORMAT = 1

ACTIONS = ("accept", "keep-all", "drop-all", "keep", "cap", "not-duplicates", "false-alarm", "later")
"""The plan stands; all rows stay; all go; those named stay and the rest goes; so many stay at most, the most different
ones; they are no duplicates, or the rule was wrong here, so all stay; not yet decided.
"""

ALONE = ("accept", "keep-all", "drop-all", "false-alarm", "later")
"""What can be decided of a sample: of every row with its content."""

LARGEST = 256 << 20
"""Bytes of a file of decisions at most."""


@dataclass(frozen=True)
class Decision:
    """What a reviewer decided of one group, or of one sample; ``target`` is its name, or its content id.

    ``keep`` names the content ids that stay, ``most`` is how many rows stay at most.
    """

    target: str
    action: str
    reviewer: str
    keep: frozenset[str] = frozenset()
    note: str = ""
    most: int = 0
    alone: bool = False
    """Whether a sample is meant."""

    @property
    def verdict(self) -> tuple[str, frozenset[str], int]:
        """What two reviewers must agree on."""
        same = {"not-duplicates": "keep-all", "false-alarm": "keep-all"}
        return same.get(self.action, self.action), self.keep, self.most


class Merged(NamedTuple):
    """Decisions by target; those on which reviewers differ stand apart."""

    agreed: Mapping[str, Decision]
    conflicts: Mapping[str, Sequence[Decision]]


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
    known = {"cluster", "sample", "action", "keep", "most", "note"}
    fits = isinstance(entry, dict) and set(entry) <= known and entry.get("action") in ACTIONS
    alone = fits and "sample" in entry
    target = entry.get("sample" if alone else "cluster") if fits and ("cluster" in entry) != alone else None
    if not isinstance(target, str) or not isinstance(entry.get("note", ""), str):
        raise UsageError(
            "{path}: decision {number} cannot be read",
            hint="it has a cluster or a sample, and as action one of {known}",
            path=path, number=at + 1, known=", ".join(ACTIONS),
        )  # fmt: skip
    if alone and entry["action"] not in ALONE:
        raise UsageError(
            "{path}: decision {number} is about a sample", hint="of one sample only this can be decided: {known}",
            path=path, number=at + 1, known=", ".join(ALONE),
        )  # fmt: skip
    keep, most = entry.get("keep", []), entry.get("most", 0)
    named = isinstance(keep, list) and all(isinstance(name, str) for name in keep)
    if not named or bool(keep) != (entry["action"] == "keep"):
        raise UsageError("{path}: decision {number} must say which rows stay", path=path, number=at + 1)
    if type(most) is not int or (most > 0) != (entry["action"] == "cap"):
        raise UsageError("{path}: decision {number} must say how many rows stay", path=path, number=at + 1)
    return Decision(target, entry["action"], reviewer, frozenset(keep), entry.get("note", ""), most, alone)


def merged(files: Iterable[Sequence[Decision]]) -> Merged:
    """Merge reviewers' decisions; of one reviewer the last on a target counts, and "later" gives way to any other."""
    held: dict[str, dict[str, Decision]] = {}
    for decision in (decision for file in files for decision in file):
        if decision.action != "later":
            held.setdefault(decision.target, {})[decision.reviewer] = decision
    agreed, conflicts = {}, {}
    for target, by in sorted(held.items()):
        decisions = [by[name] for name in sorted(by)]
        if len({decision.verdict for decision in decisions}) > 1:
            conflicts[target] = decisions
        else:
            names = ", ".join(decision.reviewer for decision in decisions)
            first = decisions[0]
            agreed[target] = replace(first, reviewer=names)
    return Merged(agreed, conflicts)
