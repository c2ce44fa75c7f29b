"""Gates: conditions that a run must keep to, over all it holds or over what is new since another run."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from auditor.errors import UsageError
from auditor.kernels.flat import Ints
from auditor.outputs.run import Run
from auditor.outputs.unwritten import Unwritten

LEVELS = ("high", "medium", "low")
METRICS = ("share", "rows", "findings", "tokens", "token_share", "dropped")
CONDITION = re.compile(r"\s*(?:([A-Z][0-9]{0,3})\.)?([a-z_]+)\s*(>=|<=|>|<)\s*([0-9.]+(?:[eE][-+]?[0-9]+)?)\s*(%?)\s*")
PASSES = {">": np.greater, ">=": np.greater_equal, "<": np.less, "<=": np.less_equal}


class Gate(NamedTuple):
    """One condition under which a run fails: a rule's (or prefix's, or all) metric past a limit, or a severity."""

    text: str
    prefix: str = ""
    metric: str = ""
    sign: str = ">"
    limit: float = 0.0
    level: str = ""


class Verdict(NamedTuple):
    """What a gate measured, and whether it fails the run."""

    gate: Gate
    value: float
    failed: bool


def gate(text: str) -> Gate:
    """Read a condition: ``D102.share>0.05``, ``L.rows>0``, ``repeated_share>5%``, or a severity.

    >>> gate("D102.share > 5%")
    Gate(text='D102.share > 5%', prefix='D102', metric='share', sign='>', limit=0.05, level='')
    >>> gate("high").level
    'high'
    """
    if text.strip() in LEVELS:
        return Gate(text, level=text.strip())
    found = CONDITION.fullmatch(text)
    if not found or (found[1] and found[2] not in METRICS):
        raise _unknown(text)
    try:
        limit = float(found[4]) / (100 if found[5] else 1)
    except ValueError:
        raise _unknown(text) from None
    return Gate(text, found[1] or "", found[2], found[3], limit)


def _unknown(text: str) -> UsageError:
    return UsageError(
        "--fail-on does not know {text}", hint="write D102.share>0.05, L.rows>0, repeated_share>5%, or a severity",
        text=text,
    )  # fmt: skip


def judged(gates: Sequence[Gate], run: Run | Unwritten, baseline: Run | None = None) -> list[Verdict]:
    """Measure every gate; with a baseline, codes and severities count only what is new since then."""
    held = Measured(run, baseline)
    values = [held.value(each) for each in gates]
    return [
        Verdict(each, value, bool(PASSES[each.sign](value, each.limit)))
        for each, value in zip(gates, values, strict=True)
    ]


@dataclass(frozen=True)
class Measured:
    """A run as gates see it: allowed findings and rows do not count."""

    run: Run | Unwritten
    baseline: Run | None

    def value(self, gate: Gate) -> float:
        """Return what a gate is about."""
        if gate.level:
            worse = LEVELS[: LEVELS.index(gate.level) + 1]
            return float(pc.sum(pc.is_in(self.findings["severity"], pa.array(worse))).as_py() or 0)
        if not gate.prefix:
            return self._total(gate)
        if not any(rule["code"].startswith(gate.prefix) for rule in self.run.summary["rules"]):
            raise UsageError(
                "--fail-on {text}: the run applied no rule {code}", hint="its profile is {profile}",
                text=gate.text, code=gate.prefix, profile=self.run.summary["profile"],
            )  # fmt: skip
        return self._of(gate.prefix, gate.metric)

    def _of(self, prefix: str, metric: str) -> float:
        own = self.findings.filter(pc.starts_with(self.findings["rule"], prefix))
        if metric == "findings":
            return float(own.num_rows)
        rows, totals = self.rows(prefix), self.run.summary["totals"]
        tokens = self.run.columns("samples", ["trained_tokens"])["trained_tokens"].to_numpy()
        lines = int(pc.sum(pc.and_(pc.is_null(own["row"]), pc.is_null(own["group"]))).as_py() or 0)
        gone = np.asarray(
            pc.fill_null(
                pc.starts_with(self.run.columns("plan", ["rule"])["rule"], prefix), fill_value=False
            ).to_numpy()
        )
        found: dict[str, float] = {
            "rows": len(rows) + lines,
            "share": (len(rows) + lines) / max(totals["read"], 1),
            "tokens": int(tokens[rows].sum()),
            "token_share": int(tokens[rows].sum()) / max(totals["trained_tokens"], 1),
            "dropped": int(gone[rows].sum()),
        }
        return float(found[metric])

    def _total(self, gate: Gate) -> float:
        """Return one of the summary's numbers."""
        named: dict[str, Any] = {**self.run.summary["totals"], **self.run.summary["before"]}
        if not isinstance(named.get(gate.metric), int | float):
            known = ", ".join(sorted(name for name, value in named.items() if isinstance(value, int | float)))
            raise UsageError(
                "--fail-on {text}: no such number", hint="known are {known}; or CODE.{metrics}",
                text=gate.text, known=known, metrics="|".join(METRICS),
            )  # fmt: skip
        return float(named[gate.metric])

    def rows(self, prefix: str) -> Ints:
        """Return the samples that meet a rule of a prefix; new are those whose content met it less often before."""
        now = _met(self.run, prefix)
        if self.baseline is None:
            return now
        ids = _ids(self.run)[now]
        before, times = np.unique(_ids(self.baseline)[_met(self.baseline, prefix)], return_counts=True)
        order = np.lexsort((now, ids))
        first = np.searchsorted(ids[order], ids[order])
        place = np.searchsorted(before, ids[order])
        known = np.zeros(len(now), np.int64)
        if len(before):
            place = np.minimum(place, len(before) - 1)
            known = np.where(before[place] == ids[order], times[place], 0)
        return np.sort(now[order][np.arange(len(now)) - first >= known])

    @cached_property
    def findings(self) -> pa.Table:
        """The findings that count: not allowed and, with a baseline, new or on a group that grew."""
        held = self.run.findings.filter(pc.is_null(self.run.findings["allowed"]))
        return held if self.baseline is None else held.filter(pa.array(new(held, self.baseline)))


def new(findings: pa.Table, baseline: Run) -> NDArray[np.bool_]:
    """Tell which findings an earlier run did not have, or had on a smaller group."""
    before = baseline.columns("findings", ["id", "score"])
    place = pc.index_in(findings["id"], before["id"].combine_chunks())
    known = np.asarray(place.is_valid())
    then = before["score"].take(pc.fill_null(place, 0)) if before.num_rows else findings["score"]
    grown = np.asarray(pc.fill_null(pc.greater(findings["score"], then), fill_value=False))
    grouped = np.asarray(pc.is_valid(findings["group"]))
    return np.asarray(~known | (grouped & grown), np.bool_)


def _met(run: Run | Unwritten, prefix: str) -> Ints:
    codes = run.columns("samples", ["rules"])["rules"].combine_chunks()
    hit = pc.starts_with(codes.flatten(), prefix).to_numpy(zero_copy_only=False)
    rows = pc.list_parent_indices(codes).to_numpy()
    return np.unique(np.asarray(rows, np.int64)[hit])


def _ids(run: Run | Unwritten) -> NDArray[np.bytes_]:
    ids = run.columns("samples", ["content_id"])["content_id"].cast(pa.binary(16)).to_numpy()
    return np.asarray(ids.astype("S16"), np.bytes_)
