"""Every trained character and token put down to one cause: what a data set is made of, and how often it is seen."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from auditor.corpus import Corpus
from auditor.judge import Relations
from auditor.kernels.flat import Ints
from auditor.kernels.order import ordered

CAUSES = ("copy", "near", "loop", "template", "phrase", "unique")
"""What a trained token is put down to: the first that fits. A copy is a copy whatever else it holds."""

UNITS = ("trained_tokens", "trained_chars", "model_tokens")
"""What is counted; a model's own tokens only where a tokenizer was given."""


class Causes(NamedTuple):
    """What repeats in each sample: all of it, or a share of its characters."""

    copy: NDArray[np.bool_]
    near: NDArray[np.bool_]
    loop: NDArray[np.float64]
    template: NDArray[np.float64]
    phrase: NDArray[np.float64]


def causes(corpus: Corpus, relations: Relations, alive: NDArray[np.bool_]) -> Causes:
    """Return what repeats in the samples that stay.

    Of each set of copies one stays unique, the keeper where it is alive; a near duplicate repeats a keeper that stays.
    """
    copy = spare(relations, alive)
    near = near_copies(relations, alive) & ~copy
    loop = np.where(looped(corpus.samples), corpus.samples["loop_share"].to_numpy(), 0.0)
    return Causes(copy, near, loop, _column(corpus, "template_share"), _column(corpus, "phrase_share"))


def _column(corpus: Corpus, name: str) -> NDArray[np.float64]:
    """Return a share of every sample's trained characters; zeros where it was not measured."""
    if name not in corpus.samples.column_names:
        return np.zeros(corpus.rows)
    return np.asarray(corpus.samples[name].to_numpy(), np.float64)


def parts(held: Causes, weight: Ints, alive: NDArray[np.bool_]) -> dict[str, Ints]:
    """Put every sample's weight down to causes; whole numbers that add up to it exactly.

    >>> no, yes = np.array([False]), np.array([True])
    >>> held = Causes(no, no, np.array([0.5]), np.array([0.7]), np.array([0.0]))
    >>> {name: int(part[0]) for name, part in parts(held, np.array([11]), yes).items()}
    {'copy': 0, 'near': 0, 'loop': 5, 'template': 6, 'phrase': 0, 'unique': 0}
    """
    left = np.where(alive, weight, 0).astype(np.int64)
    found = {}
    for name in ("copy", "near"):
        found[name] = np.where(getattr(held, name), left, 0)
        left = left - found[name]
    rest = left.copy()
    for name in ("loop", "template", "phrase"):
        share = getattr(held, name)
        if not share.any():
            found[name] = np.zeros(len(left), np.int64)
            continue
        found[name] = np.minimum(left, np.floor(rest * share + 1e-9).astype(np.int64))
        left = left - found[name]
    return {**found, "unique": left}


def units(samples: pa.Table) -> list[str]:
    """Return what can be counted of some samples."""
    return [name for name in UNITS if name in samples.column_names]


def budget(
    corpus: Corpus, relations: Relations, alive: NDArray[np.bool_], going: NDArray[np.float64] | None = None
) -> dict[str, dict[str, Ints]]:
    """Return every sample's part for each cause, by unit; ``going`` is the share that goes of samples that stay."""
    held = causes(corpus, relations, alive)
    if going is None:
        return {unit: parts(held, corpus.samples[unit].to_numpy(), alive) for unit in units(corpus.samples)}
    held = held._replace(loop=np.where(going > 0, 0.0, held.loop))
    left = {unit: corpus.samples[unit].to_numpy() for unit in units(corpus.samples)}
    left = {unit: weight - np.floor(weight * going).astype(np.int64) for unit, weight in left.items()}
    return {unit: parts(held, weight, alive) for unit, weight in left.items()}


def total(held: Mapping[str, Ints]) -> dict[str, int]:
    """Add up the parts of all samples."""
    return {name: int(part.sum()) for name, part in held.items()}


def by_file(held: Mapping[str, Ints], source: Ints, files: int) -> list[dict[str, int]]:
    """Add up the parts of each file's samples."""
    sums = {name: np.bincount(source, part, minlength=files).astype(np.int64) for name, part in held.items()}
    return [{name: int(sums[name][at]) for name in sums} for at in range(files)]


def effective(corpus: Corpus, relations: Relations, times: Sequence[float]) -> dict[str, Any]:
    """Return the distinct rows and tokens, and how often one epoch trains them.

    ``times`` says how often each file is read in an epoch. ``passes`` is how often a distinct token is trained on
    average, ``most`` how often the row that stands for most copies and near duplicates is, and which it is.
    """
    everything = np.ones(corpus.rows, np.bool_)
    again = spare(relations, everything) | near_copies(relations, everything)
    tokens = corpus.samples["trained_tokens"].to_numpy()
    weight = np.asarray(times, np.float64)[corpus.source]
    distinct, read = int(tokens[~again].sum()), float((tokens * weight).sum())
    best = relations.copy.keeper if relations.near is None else relations.near.keeper[relations.copy.keeper]
    seen = np.bincount(best, weight, minlength=corpus.rows)
    most = int(np.argmax(seen))
    return {
        "rows": int((~again).sum()),
        "trained_tokens": distinct,
        "epoch_rows": round(float(weight.sum()), 3),
        "epoch_tokens": round(read, 3),
        "passes": round(read / distinct, 4) if distinct else 0.0,
        "most": {"row": most, "passes": round(float(seen[most]), 3)},
    }


def looped(samples: pa.Table) -> NDArray[np.bool_]:
    """Tell the samples with a loop that is not harmless."""
    bad = pc.is_in(samples["loop_severity"], pa.array(["degenerate", "noticeable"]))
    debris = pc.is_in(samples["loop_kind"], pa.array(["debris"]))
    return np.asarray(pc.and_not(bad, debris).to_numpy(), np.bool_)


def spare(relations: Relations, alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell the copies beyond the first of each group that stays."""
    group, keeper = relations.copy
    rows = np.flatnonzero((group >= 0) & alive)
    order = rows[ordered(group[rows], keeper[rows] != rows)]
    again = np.zeros(len(group), np.bool_)
    again[order[1:][group[order][1:] == group[order][:-1]]] = True
    return again


def near_copies(relations: Relations, alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell the near duplicates of a sample that stays."""
    near, best = relations.near, relations.copy.keeper
    if near is None:
        return np.zeros(len(alive), np.bool_)
    keeper = near.keeper[best]
    return np.asarray((keeper != best) & alive & alive[keeper], np.bool_)
