"""Dialogues written out as growing rows: each row is the beginning of the next."""

from typing import NamedTuple

import numpy as np

from auditor.corpus import Corpus
from auditor.kernels.flat import Ints, only
from auditor.store import read_arrow


class Dialogue(NamedTuple):
    """Rows that are beginnings of one dialogue, and the row that holds it whole."""

    name: str
    rows: Ints
    whole: int


def dialogues(corpus: Corpus, rank: Ints) -> list[Dialogue]:
    """Tie every row that another row continues to the longest one that does."""
    beginnings = [only(read_arrow(path)["beginnings"]) for path in corpus.streams]
    values = np.concatenate([np.zeros(0, np.uint64), *(part.values.to_numpy() for part in beginnings)])
    counts = np.concatenate([np.zeros(0, np.int64), *(np.diff(part.offsets.to_numpy()) for part in beginnings)])
    if not len(values):
        return []
    ends = np.cumsum(counts)
    whole = np.where(counts > 0, values[np.maximum(ends - 1, 0)], 0)
    inner = np.ones(len(values), np.bool_)
    inner[ends[counts > 0] - 1] = False
    owner = np.repeat(np.arange(len(counts)), counts)[inner]
    root = _roots(whole, values[inner], owner, rank, counts)
    return _groups(corpus, root)


def _roots(whole: Ints, inner: Ints, owner: Ints, rank: Ints, counts: Ints) -> Ints:
    """Return for each row the longest row that begins with it (itself if there is none)."""
    order = np.lexsort((rank[owner], -counts[owner], inner))
    names, first = np.unique(inner[order], return_index=True)
    at = np.minimum(np.searchsorted(names, whole), max(0, len(names) - 1))
    known = (names[at] == whole) & (whole != 0) if len(names) else np.zeros(len(whole), np.bool_)
    root = np.arange(len(whole))
    root[known] = owner[order][first][at[known]]
    while (root[root] != root).any():
        root = root[root]
    return root


def _groups(corpus: Corpus, root: Ints) -> list[Dialogue]:
    ids = corpus.samples["content_id"]
    held = np.flatnonzero(np.isin(root, root[root != np.arange(len(root))]))
    order = held[np.argsort(root[held], kind="stable")]
    cuts = np.flatnonzero(np.diff(root[order])) + 1
    return [
        Dialogue(f"dialogue-{ids[int(root[rows[0]])].as_py()[:12]}", rows, int(root[rows[0]]))
        for rows in (np.split(order, cuts) if len(order) else [])
    ]
