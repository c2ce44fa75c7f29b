"""Templates of a corpus: found among distinct texts, looked for in all, and spelled out."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from auditor.corpus import Corpus
from auditor.kernels.flat import Hashes, Ints
from auditor.kernels.moulds import Poured, pour
from auditor.kernels.moulds import moulds as laid_out
from auditor.kernels.shingles import SIZE, Incidence, incidence
from auditor.patterns.spelling import Sampled, Slot, drawing, spell, spellings
from auditor.relations.copies import Copies, halves
from auditor.relations.moulds import LEAST, joined, moulds, named, spoken
from auditor.streams import joined as put_together
from auditor.streams import table, units

TEXTS, TOKENS = 65_536, 6_000_000
"""Distinct texts, and fine tokens of them, that templates are searched in; of more, a sample is drawn by content."""

NEED = 0.6
"""Share of a template's shingles that a text must hold to be one of its."""

KINDS = {"answer": "template", "prompt": "prompt_template"}
"""What a group of each view's templates is called."""

SPELLED = 100
"""Templates whose slots are spelled out: the largest."""


class Template(NamedTuple):
    """A template: its name, the rows poured from it, its skeleton with numbered slots, and what fills them."""

    name: str
    rows: Ints
    model: int
    share: float
    skeleton: str
    slots: Sequence[Slot]


class Templates(NamedTuple):
    """The templates of one view, their shingles, and which share of each row's characters its template covers."""

    found: Sequence[Template] = ()
    sets: Sequence[Hashes] = ()
    share: NDArray[np.float64] = np.zeros(0)


class Looked(NamedTuple):
    """The texts of a view that are searched, and what they share."""

    sampled: Sampled
    held: Incidence


def looked(corpus: Corpus, view: str, copy: Copies) -> Looked:
    """Draw the texts that are searched; ``copy`` says which ones are copies."""
    sampled = sample(corpus, view, copy)
    return Looked(sampled, incidence(sampled.streams, LEAST))


def templates(corpus: Corpus, view: str, among: Looked) -> Templates:
    """Find the templates of a view."""
    sampled, held = among
    sets = [each for each in joined(moulds(sampled.streams, held)) if spoken(sampled.streams, held, each)]
    poured, sets = _poured(corpus, view, sets, sampled.rows)
    if not sets:
        return Templates(share=np.zeros(corpus.rows))
    share = np.divide(poured.covered, poured.whole, out=np.zeros(corpus.rows), where=poured.whole > 0)
    share[poured.mould < 0] = 0
    names = named(sets)
    rows, members = (_by_mould(mould, len(sets)) for mould in (poured.mould, poured.mould[sampled.rows]))
    largest = sorted(range(len(sets)), key=lambda k: (-len(rows[k]), names[k]))[:SPELLED]
    score = poured.score[sampled.rows]
    drawings = {k: drawing(sampled, members[k], score[members[k]], sets[k]) for k in largest}
    texts = spellings(corpus, view, list(drawings.values()))
    found = []
    for k, name in enumerate(names):
        about = Template(f"{KINDS[view]}-{name}", rows[k], int(rows[k][0]), float(share[rows[k]].mean()), "", [])
        if k in drawings:
            skeleton, slots = spell(drawings[k], texts)
            about = about._replace(model=drawings[k].model, skeleton=skeleton, slots=slots)
        found.append(about)
    return Templates(sorted(found, key=lambda each: (-len(each.rows), each.name)), sets, share)


def sample(corpus: Corpus, view: str, copy: Copies) -> Sampled:
    """Take one of each distinct text, as many as there is room for; which ones depends on their content alone."""
    rows = np.flatnonzero(copy.keeper == np.arange(corpus.rows))
    sizes = _sizes(corpus, view)
    rows = rows[sizes[rows] >= SIZE]
    keys = halves(corpus.keys[f"{view}_key"])[rows]
    if len(rows) > TEXTS:
        near = keys[:, 0] <= np.partition(keys[:, 0], TEXTS)[TEXTS]
        rows, keys = rows[near], keys[near]
    order = np.lexsort((keys[:, 1], keys[:, 0]))[:TEXTS]
    order = order[np.cumsum(sizes[rows[order]]) <= TOKENS]
    rank = np.argsort(rows[order])
    wanted = rows[order][rank]
    return Sampled(put_together([held for held, _ in units(corpus.streams, view, wanted)]), wanted, rank)


def _sizes(corpus: Corpus, view: str) -> Ints:
    """Count the fine tokens of every row."""
    counts = [pc.list_value_length(table(path)[view]).to_numpy().astype(np.int32) for path in corpus.streams]
    return np.concatenate([np.zeros(0, np.int32), *counts])


def _poured(corpus: Corpus, view: str, sets: list[Hashes], sampled: Ints) -> tuple[Poured, list[Hashes]]:
    """Look for templates in every row, unit by unit; those that too few of the distinct texts are of do not count."""
    found = _all_poured(corpus, view, sets, np.arange(corpus.rows))
    mould = found.mould[sampled]
    kept = np.bincount(mould[mould >= 0], minlength=len(sets)) >= LEAST
    if kept.all():
        return found, sets
    left = [each for each, enough in zip(sets, kept.tolist(), strict=True) if enough]
    lost = np.flatnonzero((found.mould >= 0) & ~kept[found.mould])
    number = np.append(np.cumsum(kept) - 1, -1).astype(np.int32)
    found = found._replace(mould=number[found.mould])
    for column, values in zip(found, _all_poured(corpus, view, left, lost), strict=True):
        column[lost] = values
    return found, left


def _all_poured(corpus: Corpus, view: str, sets: list[Hashes], rows: Ints) -> Poured:
    """Look for templates in rows (rising), unit by unit."""
    wanted = laid_out(sets, NEED)
    found = [pour(held, wanted) for held, _ in units(corpus.streams, view, rows)]
    return Poured(*(np.concatenate([np.zeros(0, np.int32), *(each[k] for each in found)]) for k in range(4)))


def _by_mould(mould: NDArray[np.int32], number: int) -> list[Ints]:
    """Return the rows of each template."""
    order = np.argsort(mould, kind="stable")
    bounds = np.searchsorted(mould[order], np.arange(number + 1)).tolist()
    return [order[first:last] for first, last in pairwise(bounds)]
