"""Templates of a corpus: found among distinct texts, looked for in all, and spelled out."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.corpus import Corpus
from auditor.kernels.flat import Hashes, Ints
from auditor.kernels.moulds import SIZE, Poured, Streams, pour
from auditor.kernels.moulds import moulds as laid_out
from auditor.patterns.spelling import Sampled, Slot, drawing, spell, spellings, spoken
from auditor.relations.copies import Copies
from auditor.relations.moulds import LEAST, joined, moulds, named
from auditor.streams import chosen, read
from auditor.streams import joined as put_together

TEXTS, TOKENS = 65_536, 6_000_000
"""Distinct texts, and fine tokens of them, that templates are searched in; of more, a sample is drawn by content."""

NEED = 0.6
"""Share of a template's shingles that a text must hold to be one of its."""

KINDS = {"answer": "template", "prompt": "prompt_template"}
"""What a group of each view's templates is called."""

WORDS = 3
"""Different words (or letters of unspaced scripts) that a template's fixed text has at least."""

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
    """The templates of one view, and which share of each row's characters its template covers (0: of none)."""

    found: Sequence[Template]
    share: NDArray[np.float64]


def templates(corpus: Corpus, view: str, copy: Copies) -> Templates:
    """Find the templates of a view; ``copy`` says which texts are copies."""
    sampled = sample(corpus, view, copy)
    sets = joined([mould.values for mould in moulds(sampled.streams)])
    tried = pour(sampled.streams, laid_out(sets, NEED))
    sizes = np.bincount(tried.mould[tried.mould >= 0], minlength=len(sets))
    sets = [
        values for k, values in enumerate(sets)
        if sizes[k] >= LEAST and spoken(sampled, tried, k, values) >= WORDS
    ]  # fmt: skip
    if not sets:
        return Templates([], np.zeros(corpus.rows))
    poured = _poured(corpus, view, sets)
    tried = pour(sampled.streams, laid_out(sets, NEED))
    share = np.divide(poured.covered, poured.whole, out=np.zeros(corpus.rows), where=poured.whole > 0)
    share[poured.mould < 0] = 0
    names = named(sets)
    order = np.argsort(poured.mould, kind="stable")
    bounds = np.searchsorted(poured.mould[order], np.arange(len(sets) + 1))
    rows = [order[bounds[k] : bounds[k + 1]] for k in range(len(sets))]
    largest = sorted(range(len(sets)), key=lambda k: (-len(rows[k]), names[k]))[:SPELLED]
    drawings = {k: drawing(sampled, tried, k, sets[k]) for k in largest}
    texts = spellings(corpus, view, list(drawings.values()))
    found = []
    for k, name in enumerate(names):
        about = Template(f"{KINDS[view]}-{name}", rows[k], int(rows[k][0]), float(share[rows[k]].mean()), "", [])
        if k in drawings:
            skeleton, slots = spell(drawings[k], texts)
            about = about._replace(model=drawings[k].model, skeleton=skeleton, slots=slots)
        found.append(about)
    return Templates(sorted(found, key=lambda each: (-len(each.rows), each.name)), share)


def sample(corpus: Corpus, view: str, copy: Copies) -> Sampled:
    """Take one of each distinct text, as many as there is room for; which ones depends on their content alone."""
    rows = np.flatnonzero(copy.keeper == np.arange(corpus.rows))
    sizes = _sizes(corpus, view)
    rows = rows[sizes[rows] >= SIZE]
    keys = corpus.keys[f"{view}_key"].take(rows).combine_chunks()
    order = np.argsort(np.frombuffer(keys.buffers()[1], "S16", count=len(keys), offset=16 * keys.offset), kind="stable")
    kept = order[:TEXTS]
    kept = kept[np.cumsum(sizes[rows[kept]]) <= TOKENS]
    wanted = np.sort(rows[kept])
    parts = []
    for first, last, held in _units(corpus, view):
        own = wanted[np.searchsorted(wanted, first) : np.searchsorted(wanted, last)] - first
        parts.append(chosen(held, own))
    return Sampled(put_together(parts), wanted)


def _units(corpus: Corpus, view: str) -> Iterator[tuple[int, int, Streams]]:
    """Yield the streams of each unit, with its first row and the one behind its last."""
    first = 0
    for path in corpus.streams:
        held = read(path, view)
        yield first, first + held.number, held
        first += held.number


def _sizes(corpus: Corpus, view: str) -> Ints:
    """Count the fine tokens of every row."""
    parts = [np.diff(held.bounds) for _, _, held in _units(corpus, view)]
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _poured(corpus: Corpus, view: str, sets: list[Hashes]) -> Poured:
    """Look for templates in every row, unit by unit."""
    wanted = laid_out(sets, NEED)
    parts = [pour(held, wanted) for _, _, held in _units(corpus, view)]
    return Poured(*(np.concatenate(column) for column in zip(*parts, strict=True)))
