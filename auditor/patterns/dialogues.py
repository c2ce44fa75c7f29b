"""Dialogues written out as growing rows: each row is the beginning of the next."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from auditor.corpus import Corpus
from auditor.kernels.flat import Hashes, Ints, only
from auditor.streams import table


class Dialogue(NamedTuple):
    """Rows that are beginnings of one dialogue, and the row that holds it whole."""

    name: str
    rows: Ints
    whole: int


def dialogues(corpus: Corpus, rank: Ints) -> list[Dialogue]:
    """Tie every row that another row continues to the longest one that does."""
    whole, counts = _wholes(corpus.streams)
    inner, owner = _continued(corpus.streams, whole)
    return _groups(corpus, _roots(whole, inner, owner, rank, counts)) if len(inner) else []


def _wholes(paths: Sequence[Path]) -> tuple[Hashes, Ints]:
    """Return a hash of all that each row says, 0 for nothing, and how many turns it has."""
    whole, counts = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for values, bounds in _beginnings(paths):
        size = np.diff(bounds)
        counts.append(size)
        whole.append(np.where(size > 0, np.append(values, np.uint64(0))[bounds[1:] - 1], np.uint64(0)))
    return np.concatenate(whole), np.concatenate(counts)


def _continued(paths: Sequence[Path], whole: Hashes) -> tuple[Hashes, Ints]:
    """Return beginnings of rows that may be all that another row says, and whose they are.

    A table with a bit of each whole keeps the others out of memory.
    """
    mask = np.uint64((1 << (8 * len(whole)).bit_length()) - 1)
    sieve = np.zeros(int(mask) + 1, np.bool_)
    sieve[whole & mask] = True
    found, owners, first = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)], 0
    for values, bounds in _beginnings(paths):
        hit = sieve[values & mask]
        hit[bounds[1:][np.diff(bounds) > 0] - 1] = False
        places = np.flatnonzero(hit)
        found.append(values[places])
        owners.append(np.searchsorted(bounds, places, side="right") - 1 + first)
        first += len(bounds) - 1
    return np.concatenate(found), np.concatenate(owners)


def _beginnings(paths: Sequence[Path]) -> Iterator[tuple[Hashes, Ints]]:
    """Yield the beginnings of each unit's rows, and where each row's stand."""
    for path in paths:
        held = only(table(path)["beginnings"])
        offsets = held.offsets.to_numpy()
        yield held.values.to_numpy()[offsets[0] : offsets[-1]], offsets - offsets[0]


def _roots(whole: Hashes, inner: Hashes, owner: Ints, rank: Ints, counts: Ints) -> Ints:
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
