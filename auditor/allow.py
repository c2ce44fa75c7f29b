"""Allow-lists: repetition that is meant is told, but neither dropped nor counted."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from auditor.corpus import Corpus
from auditor.judge import Finding, Group
from auditor.pack import Allowed
from auditor.plan import Plan
from auditor.rule import Rule

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Allowance:
    """What a profile allows: each entry, and which samples it names."""

    entries: Sequence[Allowed]
    masks: Sequence[Mask]
    rows: int

    def covered(self, code: str) -> Mask:
        """Tell which samples may meet a rule."""
        found = np.zeros(self.rows, np.bool_)
        for entry, mask in zip(self.entries, self.masks, strict=True):
            if entry.covers(code):
                found |= mask
        return found

    def meant(self, rules: Iterable[Rule]) -> Mask:
        """Tell which samples may meet all of some rules (there must be one)."""
        masks = [self.covered(rule.code) for rule in rules]
        return np.logical_and.reduce(masks) if masks else np.zeros(self.rows, np.bool_)

    def words(self, code: str, rows: Any) -> str:  # noqa: ANN401  (what numpy takes as an index)
        """Return reason and owner of the entries that allow some samples to meet a rule."""
        named = [
            f"{entry.reason} ({entry.owner})"
            for entry, mask in zip(self.entries, self.masks, strict=True)
            if entry.covers(code) and mask[rows].any()
        ]
        return "; ".join(dict.fromkeys(named))


def allowance(corpus: Corpus, entries: Sequence[Allowed], groups: Sequence[Group]) -> Allowance:
    """Find the samples that each entry names."""
    return Allowance(entries, [_named(corpus, entry, groups) for entry in entries], corpus.rows)


def _named(corpus: Corpus, entry: Allowed, groups: Sequence[Group]) -> Mask:
    if entry.by == "pattern":
        return np.asarray(corpus.samples[entry.column].to_numpy() > 0, np.bool_)
    if entry.by == "id":
        return np.asarray(pc.is_in(corpus.samples["content_id"], pa.array(entry.values)).to_numpy(), np.bool_)
    if entry.by == "file":
        fits = np.array([fits_file(entry, source.name) for source in corpus.sources], np.bool_)
        return np.asarray(fits[corpus.source], np.bool_)
    found = np.zeros(corpus.rows, np.bool_)
    for group in groups:
        if group.name in entry.values:
            found[group.rows] = True
    return found


def fits_file(entry: Allowed, name: str) -> bool:
    """Tell whether an entry names a file: the whole name, or its last part, may be a glob."""
    last = name.rpartition("/")[2]
    return entry.by == "file" and any(fnmatchcase(name, glob) or fnmatchcase(last, glob) for glob in entry.values)


def marked(findings: Iterable[Finding], allowed: Allowance, groups: Sequence[Group]) -> Iterator[Finding]:
    """Yield findings, with reason and owner where they are allowed; a group is where all its samples are."""
    rows = {group.name: group.rows for group in groups}
    masks: dict[str, Mask] = {}
    for finding in findings:
        if not allowed.entries:
            yield finding
            continue
        if finding.rule not in masks:
            masks[finding.rule] = allowed.covered(finding.rule)
        about = [finding.row] if finding.row is not None else rows.get(finding.group or "")
        if about is None:
            told = "; ".join(
                f"{entry.reason} ({entry.owner})"
                for entry in allowed.entries
                if entry.covers(finding.rule) and fits_file(entry, finding.file)
            )
        else:
            told = allowed.words(finding.rule, about) if masks[finding.rule][about].all() else ""
        yield finding._replace(allowed=told or None)


def spare(plan: Plan, allowed: Allowance) -> Mask:
    """Keep what a plan would drop though it is allowed; return these samples.

    Whatever else the plan drops it drops for samples that stay, so that more may always stay.
    """
    spared = np.zeros(allowed.rows, np.bool_)
    for code in np.unique(plan.rule[plan.dropped]).tolist() if allowed.entries else ():
        spared |= (plan.rule == code) & allowed.covered(code)
    masks = {code: allowed.covered(code) for code in set(plan.trims.values())}
    for row in [row for row, code in plan.trims.items() if masks[code][row]]:
        del plan.cuts[row], plan.trims[row]
        spared[row] = True
    plan.rule[spared], plan.keeper[spared], plan.similarity[spared] = "", -1, np.nan
    return spared
