"""What a run measured, kept in its folder so that other rules can be judged without the data."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from auditor.audit import Audit
from auditor.corpus import binary
from auditor.patterns import LEAKS, PHRASES, POURED
from auditor.rule import Rule
from auditor.thinning import SKETCH

PATTERNS = {
    "template": POURED,
    "prompt_template": {"prompt_template"},
    "opening": {"opening", "closing"},
    "closing": {"opening", "closing"},
    "inside": {"inside"},
    "stock": {"stock"},
    "alike": {"alike"},
    "opposed": {"opposed"},
    "structure": {"structure"},
    "dialogue": {"dialogue"},
    "template_share": POURED,
    "template_chars": POURED,
    "phrase_share": PHRASES,
    "phrase_chars": PHRASES,
    "leak_prompt": LEAKS,
    "leak_answer": LEAKS,
    "leak_share": LEAKS,
    "leak_place": LEAKS,
    "leak": LEAKS,
    "metadata": {"metadata"},
    "openings": {"opening", "closing"},
    "closings": {"opening", "closing"},
    "layouts": {"structure"},
}
"""Which targets of rules a kind of group, a column or a concentration is found for."""

KEYS = ("sample", "prompt", "answer")


def tables(audit: Audit) -> dict[str, pa.Table]:
    """Return what rules look at beyond the other tables: what equals what, small sketches, loops and faults."""
    corpus, relations = audit.corpus, audit.relations
    copies = zip(KEYS, (relations.copy, relations.prompt, relations.answer), strict=True)
    columns = {f"same_{name}": pa.array(held.keeper) for name, held in copies}
    columns |= {name: corpus.samples[name] for name in ("marker_turn", "marker_start")}
    columns |= {"shingles": corpus.keys["shingles"], "sketch": _sketches(audit)}
    return {"measures": pa.table(columns), "loops": corpus.loops, "faults": corpus.faults}


def _sketches(audit: Audit) -> pa.Array:
    """Return a few bytes of the signatures of rows in groups that may be thinned out; null for all others."""
    corpus = audit.corpus
    wanted = np.zeros(corpus.rows, np.bool_)
    wanted[audit.groups.rows[~audit.groups.of("copy", "near")[audit.groups.owners]]] = True
    wanted &= corpus.keys["shingles"].to_numpy() > 0
    rows = np.flatnonzero(wanted)
    held = np.zeros((corpus.rows, SKETCH), np.uint8)
    held[rows] = binary(corpus.keys["lanes"], np.dtype(np.uint8), rows)[:, :SKETCH]
    valid = pa.array(wanted).buffers()[1]
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(SKETCH), corpus.rows, [valid, pa.py_buffer(held)])


def described(audit: Audit) -> dict[str, Any]:
    """Say what was measured, for the manifest."""
    settings, wanted = audit.corpus.settings, targets(audit.profile.rules)
    return {
        "signals": list(settings.signals),
        "near": audit.relations.near is not None,
        "reach": settings.reach,
        "tie": settings.tie,
        "patterns": sorted(wanted & {name for names in PATTERNS.values() for name in names}),
        "read": audit.corpus.read.tolist(),
    }


def targets(rules: Sequence[Rule]) -> set[str]:
    """Return what rules look at."""
    return {rule.target for rule in rules}
