"""Fewer rows than rules alone would leave: caps for groups, and targets for the whole."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from auditor.corpus import Corpus, binary
from auditor.groups import Groups
from auditor.judge import Relations, reaches
from auditor.kernels.flat import Ints
from auditor.rule import Rule
from auditor.wishes import Wishes

SKETCH = 32
"""Bytes of signatures by which the most different rows of a group are chosen; so many of them a run keeps."""

REPEATING = ("template_share", "repeated_ngram_share", "repeated_line_share", "loop_share")
"""Signals that tell how much of a row repeats itself or others, where they were measured."""


def capped(
    corpus: Corpus, groups: Groups, relations: Relations, rule: Rule, alive: NDArray[np.bool_], keeper: Ints
) -> NDArray[np.bool_]:
    """Tell the rows that a cap drops: of each group that the rule meets so many stay, the most different ones.

    A row that is the keeper of a dropped row outside the group stays, and counts; ``keeper`` is -1 where there is none.
    """
    gone = np.zeros(corpus.rows, np.bool_)
    went = np.flatnonzero(keeper >= 0)
    for rows in groups.each(np.flatnonzero(reaches(rule, groups, corpus.rows))):
        left = rows[alive[rows] & ~gone[rows]]
        inside, wanted = np.zeros(corpus.rows, np.bool_), np.zeros(corpus.rows, np.bool_)
        inside[rows] = True
        wanted[keeper[went[~inside[went]]]] = True
        needed = left[wanted[left]]
        keep = different(corpus.keys["lanes"], left, relations.rank, int(rule.where["keep_per_group"]), needed)
        gone[np.setdiff1d(left, keep)] = True
    return gone


def different(lanes: pa.ChunkedArray, rows: Ints, rank: Ints, keep: int, first: Ints | None = None) -> Ints:
    """Choose rows that differ most: those named first, else the best by rank, then the one least like those chosen.

    ``lanes`` holds every row's signature, or how it begins.
    """
    if len(rows) <= keep:
        return rows
    rows = rows[np.argsort(rank[rows])]
    held = lanes.take(pa.array(rows))
    filled = np.flatnonzero(np.asarray(held.is_valid()))
    sketches = np.zeros((len(rows), SKETCH), np.uint8)
    sketches[filled] = binary(held.filter(held.is_valid()), np.dtype(np.uint8), np.arange(len(filled)))[:, :SKETCH]
    nearest = np.zeros(len(rows), np.int64)
    chosen = [] if first is None else np.flatnonzero(np.isin(rows, first)).tolist()
    for best in chosen:
        nearest = np.maximum(nearest, (sketches == sketches[best]).sum(axis=1))
    nearest[chosen] = SKETCH + 1
    while len(chosen) < keep:
        best = int(np.argmin(nearest))
        chosen.append(best)
        nearest = np.maximum(nearest, (sketches == sketches[best]).sum(axis=1))
        nearest[chosen] = SKETCH + 1
    return np.sort(rows[chosen])


def surplus(
    corpus: Corpus, relations: Relations, wishes: Wishes, alive: NDArray[np.bool_], keeper: Ints
) -> NDArray[np.bool_]:
    """Tell the rows that must go for the data to be no larger than wished: those that repeat most.

    Keepers of dropped rows stay, so a target may be missed.
    """
    gone = np.zeros(corpus.rows, np.bool_)
    if not wishes.target_rows and not wishes.target_tokens:
        return gone
    open_ = alive.copy()
    open_[keeper[keeper >= 0]] = False
    order = np.lexsort((-relations.rank, -repetition(corpus, relations)))
    order = order[open_[order]]
    tokens = corpus.samples["trained_tokens"].to_numpy()
    number = max(0, int(alive.sum()) - wishes.target_rows) if wishes.target_rows else 0
    if wishes.target_tokens:
        excess = int(tokens[alive].sum()) - wishes.target_tokens
        lost = np.cumsum(tokens[order])
        number = max(number, int(np.searchsorted(lost, excess)) + 1 if excess > 0 else 0)
    gone[order[:number]] = True
    return gone


def repetition(corpus: Corpus, relations: Relations) -> NDArray[np.float64]:
    """Return how much each row repeats: itself, a template, or the row most like it; a share."""
    found = np.zeros(corpus.rows)
    for name in REPEATING:
        if name in corpus.samples.column_names:
            found = np.maximum(found, corpus.samples[name].to_numpy())
    if relations.near is not None:
        found = np.maximum(found, relations.near.best())
    found[relations.copy.group >= 0] = 1.0
    return found
