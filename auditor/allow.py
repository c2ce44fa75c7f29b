"""Allow-lists: repetition that is meant is told, but neither dropped nor counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from auditor.corpus import Corpus
from auditor.groups import Groups
from auditor.judge import MET, Findings
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


def allowance(corpus: Corpus, entries: Sequence[Allowed], groups: Groups) -> Allowance:
    """Find the samples that each entry names."""
    return Allowance(entries, [_named(corpus, entry, groups) for entry in entries], corpus.rows)


def _named(corpus: Corpus, entry: Allowed, groups: Groups) -> Mask:
    if entry.by == "pattern":
        return np.asarray(corpus.samples[entry.column].to_numpy() > 0, np.bool_)
    if entry.by == "id":
        return np.asarray(pc.is_in(corpus.samples["content_id"], pa.array(entry.values)).to_numpy(), np.bool_)
    if entry.by == "file":
        fits = np.array([fits_file(entry, source.name) for source in corpus.sources], np.bool_)
        return np.asarray(fits[corpus.source], np.bool_)
    found = np.zeros(corpus.rows, np.bool_)
    named = pc.is_in(groups.names, pa.array(entry.values, pa.string())).to_numpy(zero_copy_only=False)
    found[groups.rows[named[groups.owners]]] = True
    return found


def fits_file(entry: Allowed, name: str) -> bool:
    """Tell whether an entry names a file: the whole name, or its last part, may be a glob."""
    last = name.rpartition("/")[2]
    return entry.by == "file" and any(fnmatchcase(name, glob) or fnmatchcase(last, glob) for glob in entry.values)


def marked(findings: Findings, allowed: Allowance, groups: Groups) -> Findings:
    """Add reason and owner to the findings that are allowed; a group is where all its samples are."""
    if not allowed.entries:
        return findings
    table = findings.table
    rows, codes, files = (table[name].to_pylist() for name in ("row", "rule", "file"))
    masks = {code: allowed.covered(code) for code in set(codes)}
    told = []
    for row, code, file, group in zip(rows, codes, files, findings.group.tolist(), strict=True):
        about = [row] if row is not None else groups.members(group) if group >= 0 else None
        if about is None:
            words = "; ".join(
                f"{entry.reason} ({entry.owner})"
                for entry in allowed.entries
                if entry.covers(code) and fits_file(entry, file)
            )
        else:
            words = allowed.words(code, about) if masks[code][about].all() else ""
        told.append(words or None)
    place = MET.get_field_index("allowed")
    return findings._replace(table=table.set_column(place, MET.field(place), pa.array(told, pa.string())))


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
