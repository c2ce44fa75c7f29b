"""What other thresholds would do, read off the verified pairs; and the pairs that lie closest to the threshold."""

from dataclasses import replace
from typing import Any

import numpy as np

from auditor import plan
from auditor.audit import Audit
from auditor.kernels.flat import Ints
from auditor.relations.ties import Cut, decided
from auditor.rule import Action, Kind, Rule

STEPS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
"""Thresholds that are tried, as far down as pairs were looked for."""

BORDER = 5
"""Pairs shown on either side of the threshold."""


def thresholds(audit: Audit) -> list[dict[str, Any]]:
    """Return rows and trained tokens that near duplicates would lose at other thresholds, all else being equal."""
    rule = _rule(audit)
    near = audit.relations.near
    if rule is None or near is None:
        return []
    settings = audit.corpus.settings
    own = settings.threshold
    tokens = audit.corpus.samples["trained_tokens"].to_numpy()
    found = []
    for step in sorted({*(step for step in STEPS if step >= settings.reach), own}):
        held = decided(near, audit.relations.rank, Cut(min(settings.review, step), step, settings.contained))
        tried = plan.decide(audit.corpus, audit.profile, replace(audit.relations, near=held), audit.groups)
        gone = tried.rule == rule.code
        found.append(
            {
                "rule": rule.code,
                "threshold": step,
                "rows": int(gone.sum()),
                "trained_tokens": int(tokens[gone].sum()),
                "dropped": int(tried.dropped.sum()),
                "dropped_tokens": int(tokens[tried.dropped].sum()),
                "own": step == own,
            }
        )
    return found


def border(audit: Audit) -> list[dict[str, Any]]:
    """Return the pairs closest to the threshold on either side: where they stand, how alike, and what becomes of them.

    Of pairs that are equally close the first rows come first.
    """
    near = audit.relations.near
    if _rule(audit) is None or near is None:
        return []
    away = near.jaccard - audit.corpus.settings.threshold
    over, under = np.flatnonzero(away >= 0), np.flatnonzero(away < 0)
    chosen = [side[np.argsort(np.abs(away[side]), kind="stable")][:BORDER] for side in (over, under)]
    order = np.concatenate(chosen)
    order = order[np.argsort(-near.jaccard[order], kind="stable")]
    return [
        {
            "rows": near.pairs[at].tolist(),
            "places": [_place(audit, row) for row in near.pairs[at].tolist()],
            "similarity": round(float(near.jaccard[at]), 6),
            "contained": [round(float(share), 6) for share in near.contained[at]],
            "over": bool(away[at] >= 0),
            "dropped": _dropped(audit, near.pairs[at]),
        }
        for at in order.tolist()
    ]


def _rule(audit: Audit) -> Rule | None:
    """Return the rule that drops near duplicates, if one does."""
    found = audit.profile.of(Kind.RELATION, "near")
    return next((rule for rule in found if rule.action is Action.DROP), None)


def _place(audit: Audit, row: int) -> str:
    corpus = audit.corpus
    return f"{corpus.sources[int(corpus.source[row])].name}:{int(corpus.lines[row])}"


def _dropped(audit: Audit, pair: Ints) -> list[int]:
    return [int(row) for row in pair if audit.plan.dropped[row]]
