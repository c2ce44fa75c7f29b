"""The numbers of a run: verdict, totals, rules and files; what ``summary.json`` and ``--json`` hold."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from auditor import __version__, accounting, trim
from auditor.audit import Audit
from auditor.faults import KINDS
from auditor.kernels.flat import Ints
from auditor.outputs.packs import packs
from auditor.rule import Kind

# 1: the first.
FORMAT = 1

LOOK, ACT = 0.01, 0.05
"""Shares of trained tokens under repetition from which the verdict says "look" and "act"."""


def summary(audit: Audit, codes: pa.ListArray) -> dict[str, Any]:
    """Return the summary of an audit; ``codes`` are the rules that each sample meets."""
    everything, left = np.ones(audit.corpus.rows, np.bool_), ~audit.plan.dropped
    budgets = [
        accounting.budget(audit.corpus, audit.relations, everything),
        accounting.budget(audit.corpus, audit.relations, left, _going(audit)),
    ]
    before, after = (_shares(audit, alive, held) for alive, held in zip((everything, left), budgets, strict=True))
    totals = _totals(audit, codes)
    return {
        "format": FORMAT,
        "tool": f"repetition-auditor {__version__}",
        "profile": audit.profile.name,
        "verdict": verdict(before),
        "totals": totals,
        "before": before,
        "after": after,
        "effective": _effective(audit),
        "alarms": alarms(audit),
        "concentration": audit.relations.patterns.concentration,
        "rules": _rules(audit, codes),
        "files": _files(audit, budgets[0]["trained_tokens"]),
        "allowed": _allowed(audit),
        **({"packs": found} if (found := packs(audit)) else {}),
        "skipped": [
            {"file": item.name, "reason": item.reason, "template": item.template, "about": item.about}
            for item in audit.skipped
        ],
        "settings": {
            "shingle": audit.corpus.settings.shingle,
            "threshold": audit.corpus.settings.threshold,
            "review": audit.corpus.settings.review,
            "exact": audit.corpus.settings.exact,
            "fields": dict(audit.corpus.settings.fields),
        },
        "stages": dict(audit.stages),
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


def _shares(audit: Audit, alive: NDArray[np.bool_], held: Mapping[str, Mapping[str, Ints]]) -> dict[str, Any]:
    """Return what the samples that stay hold, and which share of their trained tokens repeats something.

    Rows are put down to one cause each: loop, else copy of another that stays, else near duplicate; trained tokens as
    the budget says, where a copy is a copy whatever else it holds. What an allow-list allows stands in the budget and
    is counted nowhere else.
    """
    counted = {kind: ~_meant(audit, kind) for kind in ("loop", "copy", "near")}
    total = sum(accounting.total(held["trained_tokens"]).values())
    parts = {name: int(part[counted.get(name, alive)].sum()) for name, part in held["trained_tokens"].items()}
    loops = accounting.looped(audit.corpus.samples) & alive & counted["loop"]
    copy = accounting.spare(audit.relations, alive) & ~loops & counted["copy"]
    near = accounting.near_copies(audit.relations, alive) & ~loops & ~copy & counted["near"]
    found: dict[str, Any] = {"samples": int(alive.sum()), "trained_tokens": total}
    for name, hit in (("loop", loops), ("copy", copy), ("near", near)):
        found[f"{name}_rows"] = int(hit.sum())
        found[f"{name}_rows_share"] = _share(int(hit.sum()), int(alive.sum()))
    for name in accounting.CAUSES:
        found[f"{name}_share"] = _share(parts[name], total)
    found["repeated_share"] = _share(sum(parts[name] for name in ("loop", "copy", "near")), total)
    found["budget"] = {unit: accounting.total(part) for unit, part in held.items()}
    found["distinct_prompts"] = _distinct(audit.relations.prompt.keeper, alive)
    found["distinct_answers"] = _distinct(audit.relations.answer.keeper, alive)
    group = audit.relations.copy.group
    sizes = np.bincount(group[alive & (group >= 0)], minlength=1)
    found["largest_copy_group"] = int(sizes.max(initial=0))
    return found


def _meant(audit: Audit, kind: str) -> NDArray[np.bool_]:
    """Tell the samples whose loops, copies or near duplicates are allowed."""
    loops = audit.profile.of(Kind.LOOP)
    return audit.allowance.meant(loops if kind == "loop" else audit.profile.of(Kind.RELATION, kind))


def _distinct(keeper: NDArray[np.int64], alive: NDArray[np.bool_]) -> int:
    """Count the rows that stand for those that stay."""
    hit = np.zeros(len(keeper), np.bool_)
    hit[keeper[alive]] = True
    return int(hit.sum())


def _share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0


def _totals(audit: Audit, codes: pa.ListArray) -> dict[str, int]:
    """Return the rows read and what became of each: read = kept (some trimmed) + dropped + rejected."""
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
        "trimmed": len(audit.plan.cuts),
        "dropped": dropped,
        "with_findings": int((np.diff(codes.offsets.to_numpy()) > 0).sum()),
        **{
            name: int(samples[name].to_numpy().sum())
            for name in ("turns", "chars", "trained_chars", "tokens", "trained_tokens", "model_tokens")
            if name in samples.column_names
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
    told = pc.is_valid(audit.findings.table["allowed"])
    findings, allowed = (_counted(audit.findings.table["rule"].filter(hit)) for hit in (pc.invert(told), told))
    rows = _counted(codes.values)
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
                "rows": rows[rule.code] if rule.kind is not Kind.FAULT else findings[rule.code],
                "dropped": int(gone.sum()),
                "dropped_tokens": int(tokens[gone].sum()),
            }
        )
    return listed


def _counted(values: pa.Array) -> Counter[str]:
    return Counter({item["values"]: item["counts"] for item in pc.value_counts(values).to_pylist()})


def _going(audit: Audit) -> NDArray[np.float64]:
    """Estimate which share of each sample's trained characters goes because its loops are cut short."""
    loops = audit.corpus.loops.filter(pc.is_in(audit.corpus.loops["row"], pa.array(list(audit.plan.cuts), pa.int64())))
    times = {loop["row"]: float(loop["times"]) for loop in loops.select(["row", "times"]).to_pylist()}
    return trim.shares(audit.plan.cuts, audit.corpus.samples["trained_chars"].to_numpy(), times)


def alarms(audit: Audit) -> list[dict[str, Any]]:
    """Return the files that would lose a larger share of their rows or trained tokens than the plan may take."""
    corpus, gone, files = audit.corpus, audit.plan.dropped, len(audit.corpus.sources)
    found = []
    shares = []
    for weight in (np.ones(corpus.rows), corpus.samples["trained_tokens"].to_numpy()):
        whole, lost = (np.bincount(corpus.source, part, minlength=files) for part in (weight, weight * gone))
        shares.append(np.divide(lost, whole, out=np.zeros(files), where=whole > 0))
    for index in np.flatnonzero(np.maximum(*shares) > audit.profile.wishes.alarm).tolist():
        rows, tokens = (round(float(share[index]), 6) for share in shares)
        found.append({"file": corpus.sources[index].name, "rows_share": rows, "trained_tokens_share": tokens})
    return found


def _allowed(audit: Audit) -> list[dict[str, Any]]:
    """Return each entry of the allow-lists: which samples it names, what they meet, and how many it keeps."""
    tokens = audit.corpus.samples["trained_tokens"].to_numpy()
    meant = [words.split("; ") for words in audit.findings.table["allowed"].drop_null().to_pylist()]
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
                "findings": sum(words in told for told in meant),
                "spared": int((audit.spared & mask).sum()),
            }
        )
    return listed


def _effective(audit: Audit) -> dict[str, Any]:
    """Return the distinct rows and tokens, and how often an epoch trains them; the row that it trains most."""
    corpus = audit.corpus
    found = accounting.effective(corpus, audit.relations, [source.times for source in corpus.sources])
    row = found["most"]["row"]
    place = {"file": corpus.sources[int(corpus.source[row])].name, "line": int(corpus.lines[row])}
    return {**found, "most": {**found["most"], **place}}


def _dialects(audit: Audit) -> list[dict[str, int]]:
    """Count the rows of each dialect in each source."""
    held = audit.corpus.samples["dialect"].combine_chunks().dictionary_encode()
    names = held.dictionary.to_pylist()
    keys = audit.corpus.source * len(names) + held.indices.to_numpy()
    counts = np.bincount(keys, minlength=len(audit.corpus.sources) * len(names)).reshape(-1, len(names)).tolist()
    return [dict(sorted((name, n) for name, n in zip(names, own, strict=True) if n)) for own in counts]


def _files(audit: Audit, held: Mapping[str, Ints]) -> list[dict[str, Any]]:
    """Return what each file held and what becomes of its rows."""
    corpus = audit.corpus
    sources = len(corpus.sources)
    dropped = np.bincount(corpus.source[audit.plan.dropped], minlength=sources)
    rows = np.bincount(corpus.source, minlength=sources)
    tokens = np.bincount(corpus.source, weights=corpus.samples["trained_tokens"].to_numpy(), minlength=sources)
    gone = np.where(audit.plan.dropped, corpus.samples["trained_tokens"].to_numpy(), 0)
    lost = np.bincount(corpus.source, weights=gone, minlength=sources)
    parts = accounting.by_file(held, corpus.source, sources)
    damaged = set(corpus.faults.filter(pc.is_in(corpus.faults["kind"], pa.array(["truncated"])))["source"].to_pylist())
    dialects = _dialects(audit)
    return [
        {
            "file": source.name,
            "form": source.form,
            "compression": source.compression,
            "dialects": dialects[index],
            "rows": int(rows[index]),
            "rejected": rejected,
            "damaged": index in damaged,
            "dropped": int(dropped[index]),
            "trained_tokens": int(tokens[index]),
            "dropped_tokens": int(lost[index]),
            "budget": parts[index],
            "times": source.times,
        }
        for index, (source, rejected) in enumerate(zip(corpus.sources, _rejected(audit), strict=True))
    ]
