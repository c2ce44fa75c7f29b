"""Answers that are nearly one and the same, given to many prompts."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.corpus import Corpus, binary
from auditor.kernels.flat import Hashes, Ints, Lanes
from auditor.kernels.pairs import buckets
from auditor.kernels.reference.sketch import mix
from auditor.kernels.shingles import SIZE
from auditor.kernels.sketch import shingle_sets
from auditor.relations.copies import Copies
from auditor.streams import units

LEAST = 5
"""Different prompts that have nearly one answer."""

ALIKE = 0.8
"""Jaccard similarity of shingles (of four fine tokens) from which answers are nearly the same."""


BLOCK = 1 << 14
"""Pairs that are compared at once."""


class Alike(NamedTuple):
    """Rows whose answers are nearly the same: their name, and the best of them."""

    name: str
    rows: Ints
    model: int


def alike(corpus: Corpus, rank: Ints, prompt: Copies, answer: Copies) -> list[Alike]:
    """Tie distinct answers that are nearly the same; every answer is compared with the best of those it is like.

    Answers that share a joint least value are compared: of those of similarity 0.8 nineteen in twenty do, of those of
    0.9 nearly all. Answers to few prompts are left out before.
    """
    pairs = _proposed(corpus, rank, answer)
    label = _tied(pairs, corpus.rows)[answer.keeper]
    pairs = pairs[_prompts(label, prompt.keeper)[label[pairs[:, 0]]] >= LEAST]
    label = _tied(pairs[_jaccard(corpus, pairs) >= ALIKE], corpus.rows)[answer.keeper]
    prompts = _prompts(label, prompt.keeper)
    held = np.flatnonzero((prompts[label] >= LEAST) & (_prompts(label, answer.keeper)[label] > 1))
    order = held[np.argsort(label[held], kind="stable")]
    ids = corpus.samples["content_id"]
    found = []
    for rows in np.split(order, np.flatnonzero(np.diff(label[order])) + 1) if len(order) else []:
        best = int(rows[np.argmin(rank[rows])])
        found.append(Alike(f"alike-{ids[best].as_py()[:12]}", rows, best))
    return sorted(found, key=lambda each: (-len(each.rows), each.name))


def _proposed(corpus: Corpus, rank: Ints, answer: Copies) -> Ints:
    """Return pairs of distinct answers that share a joint least value: the best of those that do, and each other."""
    held = corpus.keys["answer_bands"].is_valid().to_numpy() & (answer.keeper == np.arange(corpus.rows))
    own = np.flatnonzero(held)
    keys = binary(corpus.keys["answer_bands"], np.dtype(np.uint32), own)
    order = np.argsort(rank[own])
    found = []
    for lane in keys.T:
        band = buckets(mix(lane.astype(np.uint64)), order)
        rows = order[band.rows]
        best = np.repeat(rows[band.starts[:-1]], np.diff(band.starts))
        found.append(np.column_stack([best, rows])[best != rows])
    return np.asarray(own[np.unique(np.concatenate(found), axis=0)], np.int64)


def _tied(pairs: Ints, rows: int) -> Ints:
    """Return for each row the least row that pairs tie it to, through others, too.

    >>> _tied(np.array([[3, 1], [4, 3], [0, 2]]), 6).tolist()
    [0, 1, 0, 1, 1, 5]
    """
    label = np.arange(rows)
    left, right = pairs.T
    while len(pairs) and (label[left] != label[right]).any():
        least = np.minimum(label[left], label[right])
        for side in (label[left], label[right]):
            np.minimum.at(label, side, least)
        label = label[label]
    return label


def _prompts(label: Ints, keeper: Ints) -> Ints:
    """Count the different keepers that rows of each label have, by label; a row that stands alone has one.

    >>> _prompts(np.array([0, 0, 0, 3]), np.array([0, 1, 1, 3])).tolist()
    [2, 1, 1, 1]
    """
    rows = len(label)
    crowded = np.flatnonzero(np.bincount(label, minlength=rows)[label] > 1)
    held = np.unique(label[crowded] * rows + keeper[crowded]) // max(1, rows)
    return np.maximum(np.bincount(held, minlength=rows), 1)


def _jaccard(corpus: Corpus, pairs: Ints) -> NDArray[np.float64]:
    """Return how alike the answers of pairs (in order) are: block by block, and by half of each shingle's hash."""
    rows = np.unique(pairs)
    values, sizes = [np.zeros(0, np.uint32)], [np.zeros(0, np.int64)]
    for held, _ in units(corpus.streams, "answer", rows):
        found = shingle_sets(held.tokens.astype(np.uint64), held.bounds, SIZE)
        values.append((found.values >> np.uint64(32)).astype(np.uint32))
        sizes.append(np.diff(found.offsets))
    texts = _Texts(np.concatenate(values), np.concatenate(sizes))
    places = np.searchsorted(rows, pairs)
    parts = [_common(texts, places[at : at + BLOCK]) for at in range(0, len(places), BLOCK)]
    common = np.concatenate([np.zeros(0, np.int64), *parts])
    whole = texts.sizes[places].sum(axis=1) - common
    share: NDArray[np.float64] = np.divide(common, whole, out=np.zeros(len(pairs)), where=whole > 0)
    return share


class _Texts(NamedTuple):
    """The hashes of texts, text after text and rising within each, and how many each has."""

    values: Lanes
    sizes: Ints

    def of(self, texts: Ints, owners: Ints) -> Hashes:
        """Return the hashes of texts, each behind a number of its owner."""
        starts, counts = np.cumsum(self.sizes) - self.sizes, self.sizes[texts]
        places = np.arange(counts.sum()) + np.repeat(starts[texts] - np.cumsum(counts) + counts, counts)
        return np.asarray(np.repeat(owners.astype(np.uint64) << np.uint64(32), counts) | self.values[places], np.uint64)


def _common(texts: _Texts, pairs: Ints) -> Ints:
    """Count what pairs of texts have in common."""
    best, owner = np.unique(pairs[:, 0], return_inverse=True)
    known, wanted = texts.of(best, np.arange(len(best))), texts.of(pairs[:, 1], owner)
    hit = np.append(known, np.uint64(0))[np.searchsorted(known, wanted)] == wanted
    pair = np.repeat(np.arange(len(pairs)), texts.sizes[pairs[:, 1]])
    return np.bincount(pair[hit], minlength=len(pairs))
