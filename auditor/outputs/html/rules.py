"""The page of rules: what each looks for and why, how often it was met, and what it drops."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.outputs.html.facts import SIGNALS, Facts
from auditor.outputs.html.shards import shard
from auditor.outputs.html.strings import Both
from auditor.rule import Kind, Rule

PAGE_OF = {
    "template": "templates", "prompt_template": "templates", "opening": "phrases", "closing": "phrases",
    "inside": "phrases", "stock": "phrases", "prompt": "prompts", "answer": "prompts", "alike": "prompts",
    "opposed": "prompts", "dialogue": "prompts", "structure": "structure",
}  # fmt: skip
"""Which page shows the groups of a relation."""


LEVELS = np.arange(50, 101) / 100
"""Thresholds whose effect the page shows; pairs below the first are not kept."""


class Line(NamedTuple):
    """One rule: what the summary counts, and what its file says."""

    held: dict[str, Any]
    title: Both
    what: Both | None
    why: Both | None
    where: list[tuple[str, str]]
    source: str
    page: str = ""
    view: str = ""


def build(facts: Facts) -> dict[str, Any]:
    """Return what the page's template needs: rules that were met, the others, what is allowed, other tools' ways."""
    lines = [_line(held, facts.rules.get(held["code"])) for held in facts.run.summary["rules"]]
    return {
        "met": [line for line in lines if line.held["findings"]],
        "unmet": [line for line in lines if not line.held["findings"]],
        "allowed": [_entry(held) for held in facts.run.summary.get("allowed", ())],
        "packs": facts.run.summary.get("packs"),
        "root": facts.root,
        "scripts": {"rules": shard("rules", _thresholds(facts))},
    }


def _entry(held: dict[str, Any]) -> dict[str, Any]:
    """Return an entry of an allow-list with what it names on one line."""
    by = next(name for name in ("id", "group", "file", "pattern") if name in held)
    return {**held, "by": by, "named": ", ".join(held[by])}


def _thresholds(facts: Facts) -> dict[str, Any]:
    """Estimate, from the pairs that were kept, how many rows and tokens each threshold would drop as near duplicates.

    Rows that the plan drops count by the similarity they are dropped with; over them, each other pair of rows that
    stay would cost the later one.
    """
    run, now = facts.run, float(facts.run.summary["settings"]["threshold"])
    best = np.zeros(facts.rows)
    codes = [code for code, rule in facts.rules.items() if rule.kind is Kind.RELATION and rule.target == "near"]
    near = np.flatnonzero(pc.is_in(run.plan["rule"], pa.array(codes, pa.string())).to_numpy())
    likeness = np.asarray(pc.fill_null(run.plan["similarity"], 0.0).to_numpy(), np.float64)
    best[near] = likeness[near]
    one, two, jaccard = (run.pairs[name].to_numpy() for name in ("row_a", "row_b", "jaccard"))
    free = ~facts.dropped[one] & ~facts.dropped[two] & (jaccard < now)
    np.maximum.at(best, np.maximum(one[free], two[free]), jaccard[free])
    place = np.searchsorted(LEVELS, best, side="right")
    counts = [np.bincount(place, weights, len(LEVELS) + 1)[1:] for weights in (None, facts.tokens)]
    rows, tokens = (count[::-1].cumsum()[::-1].astype(int).tolist() for count in counts)
    return {
        "levels": LEVELS.tolist(), "rows": rows, "tokens": tokens, "now": now, "planned": len(near),
        "pairs": run.pairs.num_rows, "all": facts.rows,
    }  # fmt: skip


def title(facts: Facts, code: str) -> Both:
    """Return a rule's title; its code where the rule is not known any more."""
    rule = facts.rules.get(code)
    return _text(rule, "title") if rule else Both(code, code)


def _line(held: dict[str, Any], rule: Rule | None) -> Line:
    if rule is None:
        name = Both(held["name"], held["name"])
        return Line(held, name, None, None, [], "")
    where = [(name, _written(value)) for name, value in rule.where.items()]
    page, view = rows_of(rule)
    return Line(held, _text(rule, "title"), _text(rule, "what"), _text(rule, "why"), where, rule.source, page, view)


def rows_of(rule: Rule) -> tuple[str, str]:
    """Return where the rows that a rule met are shown: a page, and a view of it."""
    if rule.kind is Kind.RELATION and rule.target in {"copy", "near"}:
        return "duplicates", f"kind={rule.target}"
    if rule.kind is Kind.RELATION and rule.target in PAGE_OF:
        return PAGE_OF[rule.target], f"kind={rule.target}"
    if rule.kind is Kind.LOOP or rule.target in SIGNALS:
        return "loops", f"kind={rule.code}"
    return ("sources", "bad") if rule.kind is Kind.FAULT else ("", "")


def _text(rule: Rule, part: str) -> Both:
    return Both(rule.text(part, "en"), rule.text(part, "zh"))


def _written(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
