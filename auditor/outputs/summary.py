"""The numbers of a run: verdict, totals, rules and files; what ``summary.json`` and ``--json`` hold."""

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from auditor import __version__
from auditor.audit import Audit
from auditor.faults import KINDS
from auditor.rule import Kind

# 1: the first.
FORMAT = 1

LOOK, ACT = 0.01, 0.05
"""Shares of trained tokens under repetition from which the verdict says "look" and "act"."""


def summary(audit: Audit, codes: pa.ListArray) -> dict[str, Any]:
    """Return the summary of an audit; ``codes`` are the rules that each sample meets."""
    before = _shares(audit, np.ones(audit.corpus.rows, np.bool_))
    after = _shares(audit, ~audit.plan.dropped)
    totals = _totals(audit, codes)
    return {
        "format": FORMAT,
        "tool": f"repetition-auditor {__version__}",
        "profile": audit.profile.name,
        "verdict": verdict(before),
        "totals": totals,
        "before": before,
        "after": after,
        "concentration": audit.relations.patterns.concentration,
        "rules": _rules(audit, codes),
        "files": _files(audit),
        "allowed": _allowed(audit),
        "skipped": [
            {"file": item.name, "reason": item.reason, "template": item.template, "about": item.about}
            for item in audit.skipped
        ],
        "settings": {
            "shingle": audit.corpus.settings.shingle,
            "threshold": audit.corpus.settings.threshold,
            "review": audit.corpus.settings.review,
            "fields": dict(audit.corpus.settings.fields),
        },
        "stages": audit.seconds,
    }


def verdict(before: dict[str, Any]) -> dict[str, Any]:
    """Judge the data as they are: the level, the share of trained tokens under repetition, and the largest cause."""
    share = before["repeated_share"]
    causes = {name: before[f"{name}_share"] for name in ("loop", "copy", "near")}
    main = max(causes, key=lambda name: causes[name])
    level = "act" if share >= ACT or before["loop_rows_share"] >= LOOK else "look" if share >= LOOK else "fine"
    if level == "fine" and before["loop_rows"]:
        level = "look"
    return {"level": level, "repeated_share": share, "main_cause": main if causes[main] else None}


def _shares(audit: Audit, alive: NDArray[np.bool_]) -> dict[str, Any]:
    """Return what the samples that stay hold, and which share of their trained tokens repeats something.

    Each sample is put down to one cause: loop, else copy of another that stays, else near duplicate. What an
    allow-list allows is no cause.
    """
    samples = audit.corpus.samples
    tokens = samples["trained_tokens"].to_numpy() * alive
    total = int(tokens.sum())
    meant = {kind: _meant(audit, kind) for kind in ("loop", "copy", "near")}
    looped = _looped(samples) & alive & ~meant["loop"]
    copy = audit.relations.copy
    spare = _spare(copy.group, copy.keeper, alive) & ~looped & ~meant["copy"]
    near = _near(audit, alive) & ~looped & ~spare & ~meant["near"]
    found: dict[str, Any] = {"samples": int(alive.sum()), "trained_tokens": total}
    for name, hit in (("loop", looped), ("copy", spare), ("near", near)):
        found[f"{name}_rows"] = int(hit.sum())
        found[f"{name}_rows_share"] = _share(int(hit.sum()), int(alive.sum()))
        found[f"{name}_share"] = _share(int(tokens[hit].sum()), total)
    found["repeated_share"] = _share(int(tokens[looped | spare | near].sum()), total)
    prompts, answers = audit.relations.prompt.keeper[alive], audit.relations.answer.keeper[alive]
    found["distinct_prompts"], found["distinct_answers"] = len(np.unique(prompts)), len(np.unique(answers))
    sizes = np.bincount(copy.group[alive & (copy.group >= 0)], minlength=1)
    found["largest_copy_group"] = int(sizes.max(initial=0))
    return found


def _meant(audit: Audit, kind: str) -> NDArray[np.bool_]:
    """Tell the samples whose loops, copies or near duplicates are allowed: they are counted under ``allowed``."""
    loops = audit.profile.of(Kind.LOOP)
    return audit.allowance.meant(loops if kind == "loop" else audit.profile.of(Kind.RELATION, kind))


def _looped(samples: pa.Table) -> NDArray[np.bool_]:
    bad = pc.is_in(samples["loop_severity"], pa.array(["degenerate", "noticeable"]))
    debris = pc.is_in(samples["loop_kind"], pa.array(["debris"]))
    return np.asarray(pc.and_not(bad, debris).to_numpy(), np.bool_)


def _spare(group: NDArray[np.int64], keeper: NDArray[np.int64], alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell the copies beyond the first of each group that stays."""
    rows = np.flatnonzero((group >= 0) & alive)
    order = rows[np.lexsort((rows, keeper[rows] != rows, group[rows]))]
    again = np.zeros(len(group), np.bool_)
    again[order[1:][group[order][1:] == group[order][:-1]]] = True
    return again


def _near(audit: Audit, alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell the near duplicates of a sample that stays."""
    near, best = audit.relations.near, audit.relations.copy.keeper
    if near is None:
        return np.zeros(len(alive), np.bool_)
    keeper = near.keeper[best]
    return np.asarray((keeper != best) & alive & alive[keeper], np.bool_)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0


def _totals(audit: Audit, codes: pa.ListArray) -> dict[str, int]:
    """Return the rows read and what became of each: read = kept + dropped + rejected."""
    rejected = sum(_rejected(audit))
    dropped = int(audit.plan.dropped.sum())
    rows = audit.corpus.rows
    samples = audit.corpus.samples
    return {
        "files": len(audit.corpus.sources),
        "read": rows + rejected,
        "samples": rows,
        "rejected": rejected,
        "kept": rows - dropped,
        "dropped": dropped,
        "with_findings": int((np.diff(codes.offsets.to_numpy()) > 0).sum()),
        **{
            name: int(samples[name].to_numpy().sum())
            for name in ("turns", "chars", "trained_chars", "tokens", "trained_tokens")
        },
    }


def _rejected(audit: Audit) -> list[int]:
    """Count the rows of each source that could not be read."""
    counts = [0] * len(audit.corpus.sources)
    faults = audit.corpus.faults
    for source, kind, line in zip(*(faults[name].to_pylist() for name in ("source", "kind", "line")), strict=True):
        counts[source] += KINDS[kind].rejects and kind != "truncated" and line > 0
    return counts


def _rules(audit: Audit, codes: pa.ListArray) -> list[dict[str, Any]]:
    """Return what each rule met: findings, samples, trained tokens of those it drops."""
    findings = Counter(finding.rule for finding in audit.findings if not finding.allowed)
    allowed = Counter(finding.rule for finding in audit.findings if finding.allowed)
    rows = {item["values"]: item["counts"] for item in pc.value_counts(codes.values).to_pylist()}
    tokens = audit.corpus.samples["trained_tokens"].to_numpy()
    listed = []
    for rule in audit.profile.rules:
        gone = audit.plan.rule == rule.code
        listed.append(
            {
                "code": rule.code,
                "name": rule.name,
                "kind": rule.kind.value,
                "severity": rule.severity.value,
                "action": rule.action.value,
                "findings": findings[rule.code],
                "allowed": allowed[rule.code],
                "rows": rows.get(rule.code, 0) if rule.kind is not Kind.FAULT else findings[rule.code],
                "dropped": int(gone.sum()),
                "dropped_tokens": int(tokens[gone].sum()),
            }
        )
    return listed


def _allowed(audit: Audit) -> list[dict[str, Any]]:
    """Return each entry of the allow-lists: which samples it names, what they meet, and how many it keeps."""
    tokens = audit.corpus.samples["trained_tokens"].to_numpy()
    meant = [finding for finding in audit.findings if finding.allowed]
    listed = []
    for entry, mask in zip(audit.allowance.entries, audit.allowance.masks, strict=True):
        words = f"{entry.reason} ({entry.owner})"
        listed.append(
            {
                entry.by: list(entry.values),
                "rules": [prefix for prefix in entry.rules if prefix],
                "reason": entry.reason,
                "owner": entry.owner,
                "rows": int(mask.sum()),
                "trained_tokens": int(tokens[mask].sum()),
                "findings": sum(words in (finding.allowed or "").split("; ") for finding in meant),
                "spared": int((audit.spared & mask).sum()),
            }
        )
    return listed


def _files(audit: Audit) -> list[dict[str, Any]]:
    """Return what each file held and what becomes of its rows."""
    corpus = audit.corpus
    sources = len(corpus.sources)
    dropped = np.bincount(corpus.source[audit.plan.dropped], minlength=sources)
    rows = np.bincount(corpus.source, minlength=sources)
    tokens = np.bincount(corpus.source, weights=corpus.samples["trained_tokens"].to_numpy(), minlength=sources)
    gone = np.where(audit.plan.dropped, corpus.samples["trained_tokens"].to_numpy(), 0)
    lost = np.bincount(corpus.source, weights=gone, minlength=sources)
    damaged = set(corpus.faults.filter(pc.is_in(corpus.faults["kind"], pa.array(["truncated"])))["source"].to_pylist())
    counted = (
        corpus.samples.select(["source", "dialect"]).group_by(["source", "dialect"]).aggregate([([], "count_all")])
    )
    dialects = {(item["source"], item["dialect"]): item["count_all"] for item in counted.to_pylist()}
    return [
        {
            "file": source.name,
            "form": source.form,
            "compression": source.compression,
            "dialects": {name: n for (number, name), n in sorted(dialects.items()) if number == index},
            "rows": int(rows[index]),
            "rejected": rejected,
            "damaged": index in damaged,
            "dropped": int(dropped[index]),
            "trained_tokens": int(tokens[index]),
            "dropped_tokens": int(lost[index]),
        }
        for index, (source, rejected) in enumerate(zip(corpus.sources, _rejected(audit), strict=True))
    ]
